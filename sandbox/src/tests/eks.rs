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

const ROLE: &str = "arn:aws:iam::123456789012:role/api";

/// Makes the association of `shop/api`, under this token.
async fn associate(eks: &aws_sdk_eks::Client, token: &str) -> Result<String, Option<String>> {
    let made = eks
        .create_pod_identity_association()
        .cluster_name("main")
        .namespace("shop")
        .service_account("api")
        .role_arn(ROLE)
        .tags("team", "a b")
        .client_request_token(token)
        .send()
        .await;
    match made {
        Ok(made) => Ok(made.association.unwrap().association_id.unwrap()),
        Err(error) => Err(error.code().map(str::to_owned)),
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_has_one_association_however_often_it_is_asked_for() {
    let (_, eks) = cloud(|_| {});
    let id = associate(&eks, "one").await.unwrap();
    assert_eq!(associate(&eks, "one").await, Ok(id.clone()));
    let again = associate(&eks, "other").await;
    assert_eq!(again, Err(Some("ResourceInUseException".to_owned())));
    let listed = eks.list_pod_identity_associations().cluster_name("main");
    let listed = listed.service_account("api").namespace("shop").send().await;
    let listed = listed.unwrap();
    let [only] = listed.associations() else {
        panic!("{listed:?}");
    };
    assert_eq!(only.association_id(), Some(id.as_str()));
    let none = eks.list_pod_identity_associations().cluster_name("main");
    let none = none.namespace("other").send().await.unwrap();
    assert!(none.associations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_association_is_changed_tagged_and_deleted() {
    let (_, eks) = cloud(|_| {});
    let id = associate(&eks, "one").await.unwrap();
    let changed = eks
        .update_pod_identity_association()
        .cluster_name("main")
        .association_id(&id)
        .role_arn("arn:aws:iam::123456789012:role/other")
        .disable_session_tags(true)
        .send()
        .await;
    let changed = changed.unwrap().association.unwrap();
    assert!(changed.role_arn().unwrap().ends_with("role/other"));
    let tagged = eks
        .tag_resource()
        .resource_arn(changed.association_arn().unwrap());
    tagged.tags("who", "me").send().await.unwrap();
    let read = || {
        let read = eks.describe_pod_identity_association().cluster_name("main");
        read.association_id(&id).send()
    };
    let there = read().await.unwrap().association.unwrap();
    let tags = there.tags().unwrap();
    assert_eq!((tags["team"].as_str(), tags["who"].as_str()), ("a b", "me"));
    assert_eq!(there.disable_session_tags(), Some(true));
    let gone = eks.delete_pod_identity_association().cluster_name("main");
    gone.association_id(&id).send().await.unwrap();
    let error = read().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception());
}
