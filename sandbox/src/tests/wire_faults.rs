//! Faults, as a client meets them, and the log of requests.

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};

use super::super::{Effect, Fault};
use super::{Cloud, sleep};

#[tokio::test(start_paused = true)]
async fn refusals_have_the_codes_of_aws_and_change_nothing() {
    let cloud = Cloud::new();
    let cases = [
        (Effect::Throttle, "ThrottlingException", 400),
        (Effect::ServerError, "ServerException", 500),
        (Effect::AccessDenied, "AccessDeniedException", 400),
        (Effect::ExpiredToken, "ExpiredTokenException", 400),
        (Effect::UnknownOperation, "UnknownOperationException", 400),
    ];
    for (effect, code, status) in cases {
        cloud.change(|world| world.add_fault(Fault::on("CreateCluster", effect)));
        let error = cloud
            .ecs
            .create_cluster()
            .cluster_name("c")
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert_eq!(error.into_service_error().code(), Some(code));
        let logged = cloud.sandbox.log().pop().unwrap();
        assert_eq!(
            (logged.operation.as_str(), logged.performed),
            ("CreateCluster", false)
        );
    }
    assert_eq!(
        cloud
            .ecs
            .list_clusters()
            .send()
            .await
            .unwrap()
            .cluster_arns
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_was_performed_and_a_dropped_request_was_not() {
    let cloud = Cloud::new();
    for (effect, name, there) in [
        (Effect::LoseReply, "lost", true),
        (Effect::ServerErrorAfter, "failed", true),
        (Effect::DropRequest, "dropped", false),
        (Effect::Refuse, "refused", false),
    ] {
        cloud.change(|world| world.add_fault(Fault::on("CreateCluster", effect.clone())));
        let error = cloud
            .ecs
            .create_cluster()
            .cluster_name(name)
            .send()
            .await
            .unwrap_err();
        if effect != Effect::ServerErrorAfter {
            assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
        }
        let logged = cloud.sandbox.log().pop().unwrap();
        assert_eq!(logged.performed, there);
        let clusters = cloud
            .ecs
            .describe_clusters()
            .clusters(name)
            .send()
            .await
            .unwrap();
        assert_eq!(
            clusters.clusters.unwrap().len(),
            usize::from(there),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_and_a_page_of_html() {
    let cloud = Cloud::new();
    cloud.change(|world| world.add_fault(Fault::new(Effect::Delay { ms: 1_500 })));
    let before = cloud.sandbox.with_world(|world| world.now()).unwrap();
    cloud.ecs.list_clusters().send().await.unwrap();
    let after = cloud.sandbox.with_world(|world| world.now()).unwrap();
    assert_eq!(after.duration_since(before).as_millis(), 1_500);
    cloud.change(|world| world.add_fault(Fault::new(Effect::Html { status: 502 })));
    let error = cloud.ecs.list_clusters().send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 502);
}

#[tokio::test(start_paused = true)]
async fn credentials_expire_for_a_while() {
    let cloud = Cloud::new();
    cloud.change(|world| {
        world.add_fault(
            Fault::new(Effect::ExpiredToken)
                .times(0)
                .between(1_000, 2_000),
        );
    });
    let works = async || cloud.ecs.list_clusters().send().await.is_ok();
    assert!(works().await);
    sleep(1_500).await;
    assert!(!works().await);
    sleep(1_000).await;
    assert!(works().await);
}

#[tokio::test(start_paused = true)]
async fn every_request_is_logged_and_counted() {
    let cloud = Cloud::new();
    cloud.register("api:v1").await;
    let _ = cloud
        .ecs
        .describe_services()
        .cluster("none")
        .services("api")
        .send()
        .await;
    let log = cloud.sandbox.log();
    let seen: Vec<_> = log
        .iter()
        .map(|r| (r.service.as_str(), r.operation.as_str(), r.status))
        .collect();
    assert_eq!(
        seen,
        [
            ("ecs", "RegisterTaskDefinition", Some(200)),
            ("ecs", "DescribeServices", Some(400)),
        ]
    );
    assert_eq!(
        cloud.sandbox.with_world(|world| world.requests()).unwrap(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_refuses_the_signature_and_says_its_time() {
    let cloud = Cloud::new();
    let skew = Effect::ClockSkew {
        ms: 50 * 365 * 24 * 3_600_000,
    };
    cloud.change(|world| world.add_fault(Fault::new(skew)));
    let error = cloud.ecs.list_clusters().send().await.unwrap_err();
    let date = error
        .raw_response()
        .unwrap()
        .headers()
        .get("date")
        .unwrap()
        .to_owned();
    assert!(date.contains(" 2075 "), "{date}");
    assert_eq!(
        error.into_service_error().code(),
        Some("InvalidSignatureException")
    );
}
