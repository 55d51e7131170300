//! Which EKS cluster is spoken to, and which is refused before it.

use base64::Engine as _;

use super::super::eks::found;
use super::*;
use crate::platform::aws;
use crate::spec::Owner;
use sandbox::{EksCluster, Sandbox, World};

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";

/// What the target's file says.
fn place() -> KubePlace {
    KubePlace {
        account: Some("123456789012".parse().unwrap()),
        region: Some("us-east-1".parse().unwrap()),
        reach: Reach::Eks {
            cluster: "main".parse().unwrap(),
            endpoint: None,
        },
        namespace: "production".parse().unwrap(),
        create_namespace: false,
        secret_store: None,
    }
}

/// What comes of the cluster `main` when it is like this.
async fn find(change: impl FnOnce(&mut EksCluster)) -> Result<Access, Failed> {
    find_by(Owner::Aws, change).await
}

/// The same, where this one says where the cluster is.
async fn find_by(source: Owner, change: impl FnOnce(&mut EksCluster)) -> Result<Access, Failed> {
    let base = "2026-01-02T03:04:05Z".parse().unwrap();
    let clock = Clock::driven_from(base);
    let mut cluster = EksCluster::new("main", "https://127.0.0.1:6443", AUTHORITY);
    change(&mut cluster);
    let mut world = World::new(1, base);
    world.set_eks_cluster(cluster);
    let sandbox = Sandbox::in_memory(world, Arc::new(move || clock.now()));
    let client = Some(sandbox.http_client());
    let mut connection = aws::connect_to("us-east-1", None, client, clock).await;
    let real = Credentials::new("AKIDREAL", "secret", None, None, "test");
    let settings = connection.settings.to_builder();
    connection.settings = settings
        .credentials_provider(SharedCredentialsProvider::new(real))
        .build();
    let place = place();
    let region = place.region.clone().unwrap();
    let time = connection.time.clone();
    found(&connection, &place, ("main", &region), (source, time)).await
}

async fn failure(change: impl FnOnce(&mut EksCluster)) -> Failed {
    match find(change).await {
        Ok(way) => panic!("it led to {}", way.cluster),
        Err(failed) => failed,
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_and_credentials_are_enough() {
    let way = find(|_| {}).await.unwrap();
    assert_eq!(
        way.cluster,
        "arn:aws:eks:us-east-1:123456789012:cluster/main"
    );
    assert_eq!(way.config.root_cert, Some(vec![b"ABC".to_vec()]));
    assert_eq!(way.hint, None);
    let header = way.tokens.unwrap().header().await.unwrap();
    assert!(header.as_bytes().starts_with(b"Bearer k8s-aws-v1."));
}

#[tokio::test(start_paused = true)]
async fn another_account_or_region_is_refused() {
    let arn = |arn: &str| Some(arn.to_owned());
    let account = failure(|one| {
        one.arn = arn("arn:aws:eks:us-east-1:999999999999:cluster/main");
    })
    .await;
    assert_eq!(account.kind, FailureKind::Refused);
    assert_eq!(
        account.to_string(),
        "could not work in this account: the cluster belongs to account 999999999999; the target says 123456789012"
    );
    let region = failure(|one| {
        one.arn = arn("arn:aws:eks:eu-west-1:123456789012:cluster/main");
    })
    .await;
    assert_eq!(region.kind, FailureKind::Refused);
    assert!(region.to_string().contains("eu-west-1"), "{region}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_an_arn_is_asked_for_by_the_credentials() {
    find(|one| one.arn = Some(String::new())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_cannot_be_worked_with_is_told_with_its_state() {
    let table = [
        ("CREATING", FailureKind::Conflict, "still being created"),
        ("DELETING", FailureKind::ClusterMissing, "being deleted"),
        ("FAILED", FailureKind::Conflict, "creation failed"),
    ];
    for (status, kind, words) in table {
        let failed = failure(|one| one.status = status.to_owned()).await;
        assert_eq!(failed.kind, kind, "{status}");
        assert!(failed.to_string().contains(words), "{failed}");
    }
    let missing = failure(|one| one.name = "other".to_owned()).await;
    assert_eq!(missing.kind, FailureKind::ClusterMissing);
    assert!(
        missing
            .to_string()
            .contains("none of this name in us-east-1"),
        "{missing}"
    );
    find(|one| one.status = "UPDATING".to_owned())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn why_it_may_be_out_of_reach_is_known_beforehand() {
    let private = find(|one| one.public = false).await.unwrap();
    assert!(private.hint.unwrap().contains("private"));
    let narrow = find(|one| one.public_cidrs = vec!["203.0.113.0/24".into()]).await;
    assert!(narrow.unwrap().hint.unwrap().contains("203.0.113.0/24"));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_signed_for_whom_aws_names_and_for_this_machine() {
    let (here, there) = ("https://127.0.0.1:6443", "https://cluster.example.com");
    for (source, endpoint, real) in [
        (Owner::Aws, there, true),
        (Owner::Ourselves, here, true),
        (Owner::Ourselves, there, false),
        (Owner::Named, here, false),
        (Owner::Named, there, false),
        (Owner::Anybody, here, false),
    ] {
        let way = find_by(source, |one| one.endpoint = endpoint.to_owned());
        let header = way.await.unwrap().tokens.unwrap().header().await.unwrap();
        let token = header.to_str().unwrap().rsplit('.').next().unwrap();
        let url = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(token)
            .unwrap();
        let url = String::from_utf8(url).unwrap();
        assert_eq!(url.contains("AKIDREAL"), real, "{source:?} {endpoint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_tls_gets_no_token() {
    let failed = failure(|one| one.endpoint = "http://127.0.0.1:45911/k8s".to_owned()).await;
    assert_eq!(failed.kind, FailureKind::Refused);
    assert!(failed.to_string().contains("no https URL"), "{failed}");
}
