//! The query protocol of STS and Elastic Load Balancing: a form comes in, XML goes out.

use serde_json::{Map, Value};

use super::{Reply, Request};
use crate::api::ApiError;

/// The fields of the form: of the body, or of the query string where there is no body.
pub(super) fn form(request: &Request) -> Vec<(String, String)> {
    let body = String::from_utf8_lossy(request.body.bytes()).into_owned();
    let query = request
        .path
        .split_once('?')
        .map(|(_, query)| query.to_owned())
        .unwrap_or_default();
    let text = if body.is_empty() { query } else { body };
    let fields = text.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Undoes percent encoding and `+`.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (*first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(other),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The service, from the API version, where there is no signature to tell it.
pub(super) fn service(form: &[(String, String)]) -> &'static str {
    let version = form
        .iter()
        .find(|(name, _)| name == "Version")
        .map(|(_, value)| value.as_str());
    match version {
        Some("2015-12-01") => "elasticloadbalancing",
        Some("2011-06-15") => "sts",
        _ => "",
    }
}

/// The parameters: `Names.member.1` becomes the first item of the list `Names`.
pub(super) fn parameters(form: &[(String, String)]) -> Value {
    let mut members = Map::new();
    for (name, value) in form {
        if let Some((list, _)) = name.split_once(".member.") {
            let slot = members
                .entry(list)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = slot {
                items.push(Value::String(value.clone()));
            }
        } else if name != "Action" && name != "Version" {
            members.insert(name.clone(), Value::String(value.clone()));
        }
    }
    Value::Object(members)
}

fn namespace(service: &str) -> &'static str {
    match service {
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    }
}

fn reply(status: u16, body: String, id: &str) -> Reply {
    Reply {
        status,
        headers: vec![
            ("content-type", "text/xml".to_owned()),
            ("x-amzn-requestid", id.to_owned()),
        ],
        body: body.into_bytes(),
    }
}

pub(super) fn success(service: &str, operation: &str, members: &Value, id: &str) -> Reply {
    let namespace = namespace(service);
    let mut inner = String::new();
    write(&mut inner, members);
    let body = format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{inner}</{operation}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    reply(200, body, id)
}

pub(super) fn failure(service: &str, error: &ApiError, id: &str) -> Reply {
    let namespace = namespace(service);
    let kind = if error.status >= 500 {
        "Receiver"
    } else {
        "Sender"
    };
    let (code, message) = (escape(&error.code), escape(&error.message));
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    );
    reply(error.status, body, id)
}

/// Writes a value as the query protocol's XML: objects as elements, lists as `member`s.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                element(out, name, member);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| element(out, "member", item)),
        Value::String(text) => out.push_str(&escape(text)),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    out.extend(["<", name, ">"]);
    write(out, value);
    out.extend(["</", name, ">"]);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{decode, parameters, write};

    #[test]
    fn forms_become_lists_and_lists_become_members() {
        let form = [
            ("Action", "X"),
            ("Arns.member.1", "a"),
            ("Arns.member.2", "b"),
            ("Name", "n"),
        ];
        let form: Vec<_> = form.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        assert_eq!(parameters(&form), json!({"Arns": ["a", "b"], "Name": "n"}));
        let mut xml = String::new();
        write(&mut xml, &json!({"Arns": ["a&b", 2], "Empty": []}));
        assert_eq!(
            xml,
            "<Arns><member>a&amp;b</member><member>2</member></Arns><Empty></Empty>"
        );
    }

    #[test]
    fn percent_signs_are_decoded_only_before_two_digits() {
        assert_eq!(decode("arn%3Aaws+x%2"), "arn:aws x%2");
        assert_eq!(decode("%C3%A4"), "ä");
    }
}
