//! A token is what AWS would make of it: its signature is computed again here, by the steps that
//! the AWS documentation gives, from nothing but the URL.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_credential_types::provider::{SharedCredentialsProvider, future};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::*;
use crate::clock::Clock;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn at() -> SystemTime {
    "2026-01-02T03:04:05Z".parse::<Timestamp>().unwrap().into()
}

fn credentials(session: Option<&str>) -> Credentials {
    let session = session.map(str::to_owned);
    Credentials::new("AKIDEXAMPLE", SECRET, session, None, "test")
}

fn url(token: &str) -> String {
    let encoded = token.strip_prefix("k8s-aws-v1.").unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

fn query(url: &str) -> BTreeMap<&str, &str> {
    let (_, query) = url.split_once('?').unwrap();
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .collect()
}

/// The signature that AWS would expect (AWS Identity and Access Management user guide, create a
/// signed AWS API request).
fn expected(url: &str, host: &str, region: &str, cluster: &str) -> String {
    let signed: Vec<String> = query(url)
        .into_iter()
        .filter(|(key, _)| *key != "X-Amz-Signature")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let canonical = format!(
        "GET\n/\n{}\nhost:{host}\nx-k8s-aws-id:{cluster}\n\nhost;x-k8s-aws-id\n{}",
        signed.join("&"),
        hex(&Sha256::digest(b""))
    );
    let scope = format!("20260102/{region}/sts/aws4_request");
    let digest = hex(&Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n20260102T030405Z\n{scope}\n{digest}");
    let key = ["20260102", region, "sts", "aws4_request"]
        .into_iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| {
            hmac(&key, part)
        });
    hex(&hmac(&key, &to_sign))
}

#[test]
fn the_signature_is_the_one_that_aws_computes() {
    let session = "IQoJb3JpZ2luX2VjE+/=".repeat(20);
    for session in [None, Some(session.as_str())] {
        for (region, host) in [
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ] {
            let token = token(region, "main", credentials(session), at()).unwrap();
            let url = url(&token);
            let query = query(&url);
            assert!(url.starts_with(&format!("https://{host}/?")), "{url}");
            assert_eq!(
                query["X-Amz-Signature"],
                expected(&url, host, region, "main")
            );
            assert_eq!(query["Action"], "GetCallerIdentity");
            assert_eq!(query["X-Amz-Expires"], "60");
            assert_eq!(query["X-Amz-SignedHeaders"], "host%3Bx-k8s-aws-id");
            assert_eq!(
                query.contains_key("X-Amz-Security-Token"),
                session.is_some()
            );
            let known = ["Action", "Version"];
            assert!(
                query
                    .keys()
                    .all(|key| known.contains(key) || key.starts_with("X-Amz-")),
                "clusters refuse any other parameter: {url}"
            );
        }
    }
}

#[test]
fn a_token_for_one_cluster_is_none_for_another() {
    let main = token("us-east-1", "main", credentials(None), at()).unwrap();
    let host = "sts.us-east-1.amazonaws.com";
    let url = url(&main);
    assert_ne!(
        query(&url)["X-Amz-Signature"],
        expected(&url, host, "us-east-1", "other")
    );
}

/// Gives other credentials each time.
#[derive(Debug, Default)]
struct Changing {
    asked: AtomicU32,
    lives: Option<Duration>,
}

impl ProvideCredentials for Changing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let end = self.lives.map(|lives| at() + lives);
        let credentials = Credentials::new(format!("AKID{number}"), SECRET, None, end, "test");
        future::ProvideCredentials::ready(Ok(credentials))
    }
}

fn tokens(provider: Changing) -> (Tokens, Clock) {
    let clock = Clock::driven_from(at().try_into().unwrap());
    let tokens = Tokens::new(Signer {
        region: "us-east-1".into(),
        cluster: "main".into(),
        provider: SharedCredentialsProvider::new(provider),
        renewing: None,
        time: ServerTime::new(clock),
    });
    (tokens, clock)
}

async fn later(clock: Clock, minutes: i64) {
    let then = clock.now() + SignedDuration::from_mins(minutes);
    clock.sleep_until(then).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_for_thirteen_minutes_and_no_longer() {
    let (tokens, clock) = tokens(Changing::default());
    let first = tokens.header().await.unwrap();
    later(clock, 12).await;
    assert_eq!(tokens.header().await.unwrap(), first);
    later(clock, 1).await;
    let second = tokens.header().await.unwrap();
    assert_ne!(second, first);
    assert!(second.is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn no_token_outlives_the_credentials_that_signed_it() {
    let (tokens, clock) = tokens(Changing {
        lives: Some(Duration::from_mins(3)),
        ..Changing::default()
    });
    let first = tokens.header().await.unwrap();
    later(clock, 2).await;
    assert_eq!(tokens.header().await.unwrap(), first);
    later(clock, 1).await;
    assert_ne!(tokens.header().await.unwrap(), first);
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_was_refused_is_given_up() {
    let (tokens, _) = tokens(Changing::default());
    let first = tokens.header().await.unwrap();
    tokens.refused(&first).await;
    let second = tokens.header().await.unwrap();
    assert_ne!(second, first);
    // Another request that was sent with the first one comes back late.
    tokens.refused(&first).await;
    assert_eq!(tokens.header().await.unwrap(), second);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_no_cluster_would_take_is_told() {
    #[derive(Debug)]
    struct Long;
    impl ProvideCredentials for Long {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Ok(credentials(Some(&"A".repeat(4_000)))))
        }
    }
    let tokens = Tokens::new(Signer {
        region: "us-east-1".into(),
        cluster: "main".into(),
        provider: SharedCredentialsProvider::new(Long),
        renewing: None,
        time: ServerTime::new(Clock::driven_from(at().try_into().unwrap())),
    });
    let error = tokens.header().await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_prints_a_token() {
    let (tokens, _) = tokens(Changing::default());
    let tokens = Arc::new(tokens);
    tokens.header().await.unwrap();
    let printed = format!("{tokens:?}");
    assert!(!printed.contains("k8s-aws-v1"), "{printed}");
    assert!(!printed.contains(SECRET), "{printed}");
}
