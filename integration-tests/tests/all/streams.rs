//! What comes in parts: an answer that never ends, a secret that a log tells line by line.

use std::io::{Read, Write};
use std::net::TcpListener;

use integration_tests::program::Running;
use integration_tests::project::{PATIENCE, Project, unique};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::deploy;
use crate::trust::{answer_always, listener};

trials! { "streams":
    credentials_without_an_end_are_refused_with_words,
    a_private_key_in_a_log_is_told_by_no_line,
}

/// Answers every request with success and a body that never ends.
fn answer_without_end(listener: TcpListener) {
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn(move || {
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                let mut part = vec![0; 64 << 10];
                let mut goes_on = matches!(stream.read(&mut part), Ok(1..))
                    && stream.write_all(head.as_bytes()).is_ok();
                while goes_on {
                    goes_on = stream.write_all(chunk.as_bytes()).is_ok();
                }
            });
        }
    });
}

/// The chain asks whoever the environment names: a task's agent, the instance.
fn credentials_without_an_end_are_refused_with_words() -> Outcome {
    const MOST: u64 = 200 << 10;
    for (name, path) in [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/credentials"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", ""),
    ] {
        let (listener, url) = listener("127.0.0.1")?;
        answer_without_end(listener);
        let project = Project::new(&deploy(&unique("api"), ""))?;
        project.ecs_target("bench", "http://127.0.0.1:9", "main")?;
        let mut command = project.command()?;
        command
            .args(["status", "--target", "bench"])
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env_remove("AWS_EC2_METADATA_DISABLED")
            .env(name, format!("{url}{path}"));
        let done = Running::start(command)?.wait(PATIENCE)?;
        assert_eq!(done.exit, 1, "{name}\n{done}");
        assert!(done.says("larger than 16 MiB"), "{name}\n{done}");
        assert!(
            done.peak_memory < Some(MOST),
            "{name}: {:?}",
            done.peak_memory
        );
    }
    Ok(())
}

/// Lines as CloudWatch answers them, of two tasks at once.
const LINES: &str = r#"{"events":[
{"logStreamName":"ecs/api/a","timestamp":1767323045000,"eventId":"1","message":"a starts"},
{"logStreamName":"ecs/api/a","timestamp":1767323045001,"eventId":"2","message":"-----BEGIN RSA PRIVATE KEY-----"},
{"logStreamName":"ecs/api/b","timestamp":1767323045002,"eventId":"3","message":"b starts"},
{"logStreamName":"ecs/api/a","timestamp":1767323045003,"eventId":"4","message":"MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi61ezRYhIuBZgRVWjR8pzKLbMz"},
{"logStreamName":"ecs/api/a","timestamp":1767323045004,"eventId":"5","message":"Secret0fTheKey=="},
{"logStreamName":"ecs/api/a","timestamp":1767323045005,"eventId":"6","message":"-----END RSA PRIVATE KEY-----"},
{"logStreamName":"ecs/api/a","timestamp":1767323045006,"eventId":"7","message":"a serves"},
{"logStreamName":"ecs/api/c","timestamp":1767323045007,"eventId":"8","message":"MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi61ezRYhIuBZgRVWjR8pzKLbMz"},
{"logStreamName":"ecs/api/c","timestamp":1767323045008,"eventId":"9","message":"-----END PRIVATE KEY-----"},
{"logStreamName":"ecs/api/c","timestamp":1767323045009,"eventId":"10","message":"c serves"}]}"#;

fn a_private_key_in_a_log_is_told_by_no_line() -> Outcome {
    let (listener, url) = listener("127.0.0.1")?;
    answer_always(listener, LINES);
    let text = deploy(&unique("api"), "") + "log_group = \"/ecs/api\"\n";
    let project = Project::new(&text)?;
    project.ecs_target("bench", &url, "main")?;
    for how in ["", "--output json", "--follow --timeout 1s", "-vv"] {
        let told = project.run(&format!("logs --target bench {how}"))?;
        assert_eq!(told.exit, 0, "{told}");
        for secret in ["MIIEpAIB", "Secret0fTheKey"] {
            assert!(!told.text().contains(secret), "{how}\n{told}");
        }
        for line in ["a starts", "b starts", "a serves", "c serves"] {
            assert!(told.stdout.contains(line), "{how}\n{told}");
        }
    }
    Ok(())
}
