//! EKS from nothing but a cluster's name and AWS credentials: the sandbox says where it is, and an API server that checks
//! signatures as AWS does takes the tokens. Needs a control plane of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::cluster::{Cluster, Eks, Namespace, Options};
use integration_tests::http::get;
use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::sandbox::{self, Sandbox};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{USUAL, assert_says, deploy};
use crate::shop::assert_verdict;

trials! { "kube_eks":
    a_cluster_is_found_by_its_name_and_deployed_to,
    a_failing_image_goes_back,
    a_token_that_expires_meanwhile_is_renewed,
    a_wrong_secret_is_told,
    a_principal_without_access_is_told,
    a_cluster_that_is_not_there_is_named,
    another_account_is_refused_before_any_write,
    a_private_endpoint_is_told,
    kinds_that_the_cluster_lacks_are_named_before_any_write,
    a_role_is_associated_changed_and_taken_away,
    a_lost_reply_makes_no_second_association,
    a_right_that_is_missing_at_eks_is_named,
    an_association_of_somebody_else_is_adopted_or_left_alone,
    a_rollout_that_fails_takes_its_association_back,
}

/// The role that the credentials of [`Project::command`] belong to.
const ROLE: &str = "arn:aws:iam::123456789012:role/deploys";

/// A token lasts so long, which is 15 minutes in the world.
const TOKEN_AGE: Duration = Duration::from_secs(20);

static SHARED: Mutex<Option<Arc<Cluster>>> = Mutex::new(None);

/// Ends the cluster that these tests share.
pub(crate) fn down() {
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// A cluster that takes tokens of EKS, and knows no kinds but Kubernetes' own.
fn cluster() -> Outcome<Arc<Cluster>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = &*shared {
        return Ok(Arc::clone(cluster));
    }
    let users = vec![
        format!("AKIDEXAMPLE=secret={ROLE}=system:masters"),
        "AKIDNOBODY=secret=arn:aws:iam::123456789012:role/nobody=nobodies".to_owned(),
    ];
    let cluster = Cluster::start(&Options {
        eks: Some(Eks {
            cluster: "main".into(),
            users,
            token_age: TOKEN_AGE,
        }),
        ..Options::default()
    })?;
    *shared = Some(Arc::clone(&cluster));
    Ok(cluster)
}

/// A project whose target `eks` is a namespace of that cluster.
struct Bench {
    project: Project,
    namespace: Namespace,
    sandbox: Sandbox,
}

impl Bench {
    fn new(stem: &str) -> Outcome<Self> {
        Self::of(stem, "")
    }

    /// With more to say of the world of AWS.
    fn of(stem: &str, more: &str) -> Outcome<Self> {
        let cluster = cluster()?;
        let entry = |name: &str, endpoint: &str, more: &str| {
            let authority = cluster.certificate_authority();
            format!(
                "[[eks]]\nname = \"{name}\"\nendpoint = \"{endpoint}\"\ncertificate_authority = \"{authority}\"\n{more}\n"
            )
        };
        let world = entry("main", cluster.server(), "")
            + &entry("private", "https://127.0.0.1:1", "public = false")
            + &entry(
                "theirs",
                cluster.server(),
                "arn = \"arn:aws:eks:us-east-1:999999999999:cluster/theirs\"",
            )
            + more;
        let sandbox = sandbox::serve_world(&world)?;
        let namespace = cluster.namespace(stem)?;
        let project = Project::new(&deploy(USUAL, ""))?;
        project.eks_target("eks", &sandbox.url, "main", &namespace.name)?;
        Ok(Self {
            project,
            namespace,
            sandbox,
        })
    }

    fn at(&self, cluster: &str) -> Outcome {
        self.project
            .eks_target("eks", &self.sandbox.url, cluster, &self.namespace.name)
    }

    fn apply(&self, tag: &str) -> Outcome<Finished> {
        self.with(&format!("apply --yes --set TAG={tag}"), &[])
    }

    /// Runs a verb with other credentials.
    fn with(&self, words: &str, environment: &[(&str, &str)]) -> Outcome<Finished> {
        let mut command = self.project.command()?;
        command
            .args(words.split_whitespace())
            .args(["--target", "eks", "--output", "json"])
            .envs(environment.iter().copied());
        Running::start(command)?.wait(PATIENCE)
    }

    /// The service with a role that EKS associates, called so.
    fn with_role(&self, role: &str) -> Outcome {
        let table = format!(
            "role = \"arn:aws:iam::123456789012:role/{role}\"\n\
             service_account = {{ name = \"api\", identity = \"pod_identity\" }}"
        );
        self.project.write("deploy.toml", &deploy(USUAL, &table))
    }

    /// What EKS associates in the namespace.
    fn associations(&self) -> Outcome<Vec<Value>> {
        let all = format!(
            "{}/clusters/main/pod-identity-associations",
            self.sandbox.url
        );
        let listed: Value =
            serde_json::from_str(&get(&format!("{all}?namespace={}", self.namespace.name))?)?;
        let listed = listed["associations"].as_array().cloned();
        let each = listed.unwrap_or_default().into_iter().map(|one| {
            let id = one["associationId"].as_str().unwrap_or_default();
            let text = get(&format!("{all}/{id}"))?;
            let mut found: Value = serde_json::from_str(&text)?;
            Ok(found["association"].take())
        });
        each.collect()
    }

    /// Fails if anything was written here by anybody but the tests.
    fn untouched(&self, finished: &Finished) -> Outcome {
        for resource in ["deployments", "services", "secrets", "leases"] {
            let names = self.namespace.names(resource)?;
            assert_eq!(names, Vec::<String>::new(), "{resource}\n{finished}");
        }
        Ok(())
    }
}

fn a_cluster_is_found_by_its_name_and_deployed_to() -> Outcome {
    let bench = Bench::new("eks")?;
    let plan = bench.with("plan --exit-code", &[])?;
    assert_eq!(plan.exit, 3, "{plan}");
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let deployment = bench.namespace.get("deployments", "api")?;
    assert_eq!(deployment["status"]["availableReplicas"], 2);
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    for words in ["status", "history", "logs --since 1h", "watch"] {
        let done = bench.with(words, &[])?;
        assert_eq!(done.exit, 0, "{words}\n{done}");
    }
    let audit = bench.namespace.cluster().audit()?;
    let asked = audit
        .iter()
        .filter(|asked| asked.user == ROLE && asked.is_write());
    assert!(asked.count() > 0, "nothing was asked by {ROLE}");
    assert_eq!(bench.with("destroy --yes", &[])?.exit, 0);
    Ok(())
}

fn a_failing_image_goes_back() -> Outcome {
    let bench = Bench::new("eks-fails")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_verdict(&bench.apply("missing")?, "tripped", Some(true), 10)
}

/// The rollout takes longer than a token lasts: the watches, the lock and the way back must go on.
fn a_token_that_expires_meanwhile_is_renewed() -> Outcome {
    let bench = Bench::new("eks-expiry")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let slow = deploy(USUAL, "").replace("min_ready = \"1s\"", "min_ready = \"28s\"");
    bench.project.write("deploy.toml", &slow)?;
    let begun = integration_tests::host::Since::now();
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert!(begun.elapsed() > TOKEN_AGE, "nothing has expired");
    // One refusal each time, and a new token.
    let audit = bench.namespace.cluster().audit()?;
    let last = audit.iter().rev().find(|asked| asked.user == ROLE);
    assert!(last.is_some_and(|asked| asked.code < 400), "{last:?}");
    Ok(())
}

fn a_wrong_secret_is_told() -> Outcome {
    let bench = Bench::new("eks-wrong")?;
    let done = bench.with("apply --yes", &[("AWS_SECRET_ACCESS_KEY", "another")])?;
    assert_verdict(&done, "failed", None, 1)?;
    // Not just "Unauthorized": who was it, and what may be the matter.
    assert_says(&done, &["Unauthorized", "credentials", "access entry"]);
    bench.untouched(&done)
}

fn a_principal_without_access_is_told() -> Outcome {
    let bench = Bench::new("eks-nobody")?;
    let nobody = [("AWS_ACCESS_KEY_ID", "AKIDNOBODY")];
    let done = bench.with("apply --yes", &nobody)?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["forbidden", "role/nobody"]);
    bench.untouched(&done)
}

fn a_cluster_that_is_not_there_is_named() -> Outcome {
    let bench = Bench::new("eks-absent")?;
    bench.at("mian")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["mian", "us-east-1"]);
    bench.untouched(&done)
}

fn another_account_is_refused_before_any_write() -> Outcome {
    let bench = Bench::new("eks-account")?;
    bench.at("theirs")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "refused", None, 4)?;
    assert_says(&done, &["999999999999", "123456789012"]);
    bench.untouched(&done)
}

fn a_private_endpoint_is_told() -> Outcome {
    let bench = Bench::new("eks-private")?;
    bench.at("private")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["private", "VPC"]);
    assert!(done.took < Duration::from_secs(30), "{done}");
    Ok(())
}

fn kinds_that_the_cluster_lacks_are_named_before_any_write() -> Outcome {
    let bench = Bench::new("eks-kinds")?;
    let secretive = format!(
        "{USUAL}\nsecrets = {{ DATABASE_URL = \"arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-url\" }}"
    );
    bench
        .project
        .write("deploy.toml", &deploy(&secretive, ""))?;
    let path = bench.project.path().join("config/eks.toml");
    let text = std::fs::read_to_string(path)?
        + "secret_store = { kind = \"ClusterSecretStore\", name = \"aws\" }\n";
    bench.project.write("config/eks.toml", &text)?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["ExternalSecret", "external-secrets.io/v1"]);
    bench.untouched(&done)?;
    Ok(())
}

/// Words say it, EKS has it before there are pods, and nothing is left of it.
fn a_role_is_associated_changed_and_taken_away() -> Outcome {
    let bench = Bench::new("eks-role")?;
    bench.with_role("api")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let [one] = &bench.associations()?[..] else {
        return Err(fail("there is not just one association"));
    };
    assert_eq!(one["serviceAccount"], "api");
    assert_eq!(one["roleArn"], "arn:aws:iam::123456789012:role/api");
    assert_eq!(one["tags"]["deployer:service"], "api");
    let account = bench.namespace.get("serviceaccounts", "api")?;
    let annotations = &account["metadata"]["annotations"];
    assert_eq!(annotations.get("eks.amazonaws.com/role-arn"), None);
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;

    let before = bench.namespace.get("deployments", "api")?;
    bench.with_role("other")?;
    let changed = bench.apply("v1")?;
    assert_eq!(changed.exit, 0, "{changed}");
    assert_says(&changed, &["role_at_start", "restart api"]);
    let now = bench.associations()?;
    assert_eq!(now[0]["associationId"], one["associationId"]);
    assert_eq!(now[0]["roleArn"], "arn:aws:iam::123456789012:role/other");
    let after = bench.namespace.get("deployments", "api")?;
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );

    let without = deploy(USUAL, "service_account = \"api\"");
    bench.project.write("deploy.toml", &without)?;
    assert_eq!(bench.apply("v1")?.exit, 0);
    assert_eq!(bench.associations()?, Vec::<Value>::new());
    bench.with_role("api")?;
    assert_eq!(bench.apply("v1")?.exit, 0);
    assert_eq!(bench.associations()?.len(), 1);
    assert_eq!(bench.with("destroy --yes", &[])?.exit, 0);
    assert_eq!(bench.associations()?, Vec::<Value>::new());
    Ok(())
}

fn a_lost_reply_makes_no_second_association() -> Outcome {
    let lost = "[[fault]]\noperation = \"CreatePodIdentityAssociation\"\nnth = 1\neffect = { kind = \"lose_reply\" }\n";
    let bench = Bench::of("eks-lost", lost)?;
    bench.with_role("api")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_eq!(bench.associations()?.len(), 1);
    Ok(())
}

fn a_right_that_is_missing_at_eks_is_named() -> Outcome {
    let denied = "[[fault]]\noperation = \"CreatePodIdentityAssociation\"\neffect = { kind = \"access_denied\" }\n";
    let bench = Bench::of("eks-denied", denied)?;
    bench.with_role("api")?;
    let done = bench.apply("v1")?;
    assert_ne!(done.exit, 0, "{done}");
    assert_says(&done, &["eks:CreatePodIdentityAssociation"]);
    let pods = bench.namespace.names("deployments")?;
    assert_eq!(pods, Vec::<String>::new(), "{done}");
    Ok(())
}

fn an_association_of_somebody_else_is_adopted_or_left_alone() -> Outcome {
    let bench = Bench::new("eks-theirs")?;
    let theirs = json!({
        "namespace": bench.namespace.name, "serviceAccount": "api",
        "roleArn": "arn:aws:iam::123456789012:role/theirs",
        "targetRoleArn": "arn:aws:iam::210987654321:role/far",
        "tags": { "team": "b" },
    });
    let path = "/clusters/main/pod-identity-associations";
    Aws::at(&bench.sandbox.url).post("eks", path, &theirs)?;
    bench.with_role("api")?;
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["PodIdentityAssociation api", "--adopt"]);
    bench.untouched(&refused)?;
    let adopted = bench.with("apply --yes --adopt --set TAG=v1", &[])?;
    assert_verdict(&adopted, "healthy", None, 0)?;
    let [one] = &bench.associations()?[..] else {
        return Err(fail("there is not just one association"));
    };
    assert_eq!(one["roleArn"], "arn:aws:iam::123456789012:role/api");
    // What the file does not say goes.
    assert_eq!(one.get("targetRoleArn"), None);
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn a_rollout_that_fails_takes_its_association_back() -> Outcome {
    let bench = Bench::new("eks-back")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    bench.with_role("api")?;
    assert_verdict(&bench.apply("missing")?, "tripped", Some(true), 10)?;
    assert_eq!(bench.associations()?, Vec::<Value>::new());
    Ok(())
}
