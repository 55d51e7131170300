//! Each way in which a call can fail, as the kind that decides what happens next.

use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};

use super::*;
use crate::platform::FailureKind;
use crate::platform::aws::failed;
use sandbox::Effect;

#[tokio::test(start_paused = true)]
async fn what_comes_back_decides_the_kind() {
    for (effect, kind) in [
        (Effect::AccessDenied, FailureKind::Denied),
        (Effect::ExpiredToken, FailureKind::Expired),
        (Effect::Throttle, FailureKind::Throttled),
        (Effect::ServerError, FailureKind::Server),
        (Effect::UnknownOperation, FailureKind::Unsupported),
        (Effect::Html { status: 404 }, FailureKind::Unsupported),
        (Effect::Html { status: 502 }, FailureKind::Server),
        (Effect::Html { status: 200 }, FailureKind::Lost),
        (Effect::Html { status: 302 }, FailureKind::Invalid),
        (Effect::Html { status: 400 }, FailureKind::Unsupported),
        (Effect::DropRequest, FailureKind::Lost),
        (Effect::LoseReply, FailureKind::Lost),
        (Effect::Refuse, FailureKind::Unreachable),
        (Effect::Delay { ms: 600_000 }, FailureKind::Lost),
    ] {
        let cloud = Cloud::new().await;
        cloud.break_with(Fault {
            times: 0,
            ..Fault::new(effect.clone())
        });
        let error = cloud.ecs.find_service("api-service").await.unwrap_err();
        assert_eq!(error.kind, kind, "{effect:?}: {error}");
        let text = error.to_string();
        assert!(
            text.starts_with("could not describe service api-service: "),
            "{text}"
        );
        assert!(!text.contains("service error"), "{text}");
        assert!(!text.contains("dispatch failure"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_action_that_was_refused() {
    let cloud = Cloud::new().await;
    cloud.break_with(Fault {
        times: 0,
        ..Fault::new(Effect::AccessDenied)
    });
    let error = cloud.ecs.find_service("api-service").await.unwrap_err();
    assert!(
        error.to_string().contains("ecs:DescribeServices"),
        "{error}"
    );
}

fn client(
    provide: impl Fn() -> Result<Credentials, CredentialsError> + Send + Sync + Clone + 'static,
) -> aws_sdk_ecs::Client {
    let provider = provide_credentials_fn(move || {
        let provided = provide();
        async move { provided }
    });
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        // Nobody listens on this port.
        .endpoint_url("http://127.0.0.1:1")
        .credentials_provider(provider)
        .build();
    aws_sdk_ecs::Client::from_conf(config)
}

#[tokio::test]
async fn nobody_listening_is_not_a_lost_reply() {
    let client = client(|| Ok(Credentials::new("a", "b", None, None, "test")));
    let error = client.list_clusters().send().await.unwrap_err();
    let error = failed("list clusters", error);
    assert_eq!(error.kind, FailureKind::Unreachable, "{error}");
    assert!(error.kind.proves_not_performed());
}

#[tokio::test]
async fn no_credentials_is_not_a_broken_network() {
    let client = client(|| Err(CredentialsError::not_loaded("no providers in chain")));
    let error = client.list_clusters().send().await.unwrap_err();
    let error = failed("list clusters", error);
    assert_eq!(error.kind, FailureKind::NoCredentials, "{error}");
    // The same words whatever was asked for, and no list of who was asked in vain.
    let words = "could not find any AWS credentials: log in (`aws sso login`";
    assert!(error.to_string().starts_with(words), "{error}");
    assert_eq!(error.hint(), None);
}

#[tokio::test]
async fn a_success_that_is_cut_in_its_body_may_have_been_performed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const CUT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\
        content-length: 5000\r\n\r\n{\"service\": {";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 8192];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(CUT).await.unwrap();
    };
    let client = client(|| Ok(Credentials::new("a", "b", None, None, "test")));
    let update = client
        .update_service()
        .service("api")
        .customize()
        .config_override(aws_sdk_ecs::Config::builder().endpoint_url(endpoint))
        .send();
    let (answered, ()) = futures::join!(update, answer);
    let error = failed("update service api", answered.unwrap_err());
    assert_eq!(error.kind, FailureKind::Lost, "{error}");
}
