//! A server on loopback that gives everybody the same answer, right or wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use integration_tests::trial::Outcome;

use super::script::Answers;

/// Serves until the test process ends, and says where.
pub(super) fn serve(answers: Answers) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let answers = answers.clone();
            // Whoever goes away needs no answer.
            std::thread::spawn(move || drop(answer(stream, &answers)));
        }
    });
    Ok(url)
}

fn answer(mut stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut part = vec![0; 64 << 10];
    // The requests are small: head and body come together.
    if stream.read(&mut part)? == 0 {
        return Ok(());
    }
    match answers {
        Answers::Http(status, body) => write!(
            stream,
            "HTTP/1.1 {status} Said\r\ncontent-type: application/x-amz-json-1.1\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Answers::Raw(text) => stream.write_all(text.as_bytes()),
        // Until the other side hangs up.
        Answers::Never => stream.read(&mut part).map(drop),
        Answers::Endless => {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\
                  transfer-encoding: chunked\r\n\r\n",
            )?;
            let chunk = [b"10000\r\n", vec![b' '; 0x10000].as_slice(), b"\r\n"].concat();
            loop {
                stream.write_all(&chunk)?;
            }
        }
    }
}
