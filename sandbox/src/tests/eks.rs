//! Finding an EKS cluster, with the real SDK.

use aws_sdk_eks::error::ProvideErrorMetadata;
use aws_sdk_eks::types::ClusterStatus;

use super::super::{Effect, EksCluster, Fault};
use super::{Cloud, Sandbox, client, world};

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";

fn cloud(change: impl FnOnce(&mut EksCluster)) -> (Sandbox, aws_sdk_eks::Client) {
    let mut world = world();
    let mut cluster = EksCluster::new("main", "https://127.0.0.1:6443", AUTHORITY);
    change(&mut cluster);
    world.set_eks_cluster(cluster);
    let sandbox = Cloud::of(world).sandbox;
    let eks = client!(aws_sdk_eks, sandbox);
    (sandbox, eks)
}

#[tokio::test(start_paused = true)]
async fn a_cluster_says_where_it_is_and_who_signs_for_it() {
    let (_, eks) = cloud(|_| {});
    let answer = eks.describe_cluster().name("main").send().await.unwrap();
    let cluster = answer.cluster.unwrap();
    assert_eq!(cluster.endpoint.as_deref(), Some("https://127.0.0.1:6443"));
    assert_eq!(
        cluster.arn.as_deref(),
        Some("arn:aws:eks:us-east-1:123456789012:cluster/main")
    );
    assert_eq!(cluster.status, Some(ClusterStatus::Active));
    assert_eq!(
        cluster.certificate_authority.unwrap().data.as_deref(),
        Some("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClFVSkQKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=")
    );
    assert!(cluster.resources_vpc_config.unwrap().endpoint_public_access);
    let listed = eks.list_clusters().send().await.unwrap();
    assert_eq!(listed.clusters.unwrap(), ["main"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    let (sandbox, eks) = cloud(|_| {});
    let error = eks.describe_cluster().name("other").send().await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception());
    assert_eq!(error.message(), Some("No cluster found for name: other."));
    assert_eq!(sandbox.log()[0].operation, "DescribeCluster");
    assert_eq!(sandbox.log()[0].status, Some(404));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_being_made_has_no_endpoint() {
    let (_, eks) = cloud(|cluster| cluster.status = "CREATING".into());
    let answer = eks.describe_cluster().name("main").send().await.unwrap();
    let cluster = answer.cluster.unwrap();
    assert_eq!(cluster.status, Some(ClusterStatus::Creating));
    assert_eq!(cluster.endpoint, None);
    assert_eq!(cluster.certificate_authority, None);
}

#[tokio::test(start_paused = true)]
async fn faults_strike_in_its_own_protocol() {
    let table = [
        (Effect::Throttle, "ThrottlingException", 429),
        (Effect::AccessDenied, "AccessDeniedException", 403),
        (Effect::ExpiredToken, "ExpiredTokenException", 403),
        (Effect::ServerError, "ServerException", 500),
    ];
    for (effect, code, status) in table {
        let (sandbox, eks) = cloud(|_| {});
        let fault = Fault::on("DescribeCluster", effect);
        sandbox.with_world(|world| world.add_fault(fault)).unwrap();
        let error = eks.describe_cluster().name("main").send().await;
        assert_eq!(error.unwrap_err().code(), Some(code));
        assert_eq!(sandbox.log()[0].status, Some(status));
    }
}
