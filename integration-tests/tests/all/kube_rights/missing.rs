//! Rights that are missing: told before the first write, all at once, as rules that are enough once they are granted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use integration_tests::cluster::{Cluster, Mishap, Options, Rights};
use integration_tests::program::Finished;
use integration_tests::trial::{Outcome, Trial, fail, test};
use serde_json::{Value, json};

use super::{ALL, bench, has_note, rules as role, without};
use crate::kube::{Bench, USUAL, assert_says, until};
use crate::shop::assert_verdict;

/// Where a role begins from which the rules that are told must lead to a deployment.
const BEGINNINGS: [(&str, &[&str]); 3] = [
    ("nothing", &[]),
    ("looking", &["get", "list", "watch"]),
    ("changing_what_is_there", &["get", "list", "watch", "patch"]),
];

pub(super) fn trials() -> Vec<Trial> {
    let begun = BEGINNINGS.into_iter().map(|(name, verbs)| {
        let name = format!("the_rules_that_are_told_are_enough_from_{name}");
        test("kube", &name, move || are_enough(verbs))
    });
    let mut trials: Vec<_> = begun.collect();
    trials.push(test(
        "kube",
        "rights_that_nobody_can_tell_hinder_nothing",
        untold,
    ));
    trials.push(test(
        "kube",
        "rights_that_a_rollout_can_do_without_are_a_note",
        useful,
    ));
    trials.push(test(
        "kube",
        "an_authorizer_that_lists_nothing_is_asked_for_each_right",
        unlisted,
    ));
    trials
}

/// The rules that a run says are missing.
pub(super) fn rules(done: &Finished) -> Outcome<Vec<Value>> {
    let outcome = done.event("outcome", "api")?;
    let reason = outcome["reason"].as_str().unwrap_or_default();
    let pasted = reason.lines().filter_map(|line| line.strip_prefix("- "));
    pasted.map(parsed).collect()
}

/// A flow mapping of YAML, whose words are plain but for the empty one.
fn parsed(line: &str) -> Outcome<Value> {
    let mut json = String::new();
    let mut word = false;
    for c in line.chars() {
        let of_word = c.is_ascii_alphanumeric() || "./-".contains(c);
        if of_word != word {
            json.push('"');
            word = of_word;
        }
        json.push(c);
    }
    serde_json::from_str(&json).map_err(|error| fail(format_args!("{line}: {error}")))
}

/// Not even the lock.
pub(super) fn nothing_is_written(bench: &Bench) {
    let passed = bench.gate.passed();
    let writes: Vec<_> = passed.iter().filter(|one| one.is_write()).collect();
    assert!(writes.is_empty(), "{writes:#?}");
}

/// Adds rules to the role of whoever deploys, and waits until they hold.
fn grant(bench: &Bench, more: &[Value]) -> Outcome {
    let role = bench.namespace.get("roles", "deploys")?;
    let mut all = role["rules"].as_array().cloned().unwrap_or_default();
    all.extend_from_slice(more);
    bench
        .namespace
        .change("roles", "deploys", &json!({"rules": all}))?;
    let user = bench.user.api()?;
    let asked = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": bench.namespace.name},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    until("the new rules hold", || {
        let said = user.post(path, &asked)?;
        let said = said["status"]["resourceRules"].as_array().cloned();
        let said = said.unwrap_or_default();
        let holds = |rule: &Value| {
            said.iter()
                .any(|one| one["verbs"] == rule["verbs"] && one["resources"] == rule["resources"])
        };
        Ok(more.iter().all(holds))
    })
}

fn are_enough(verbs: &[&str]) -> Outcome {
    let begin = if verbs.is_empty() {
        Rights::Only(json!([]))
    } else {
        role(
            ALL.iter()
                .map(|(group, resource, _)| (*group, *resource, verbs.to_vec())),
        )
    };
    let bench = bench("granted", &begin)?;
    bench.describe(
        &format!("{USUAL}\nscaling = {{ min = 2, max = 4, cpu = 70 }}"),
        "",
    )?;
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "failed", None, 1)?;
    nothing_is_written(&bench);
    let missing = rules(&refused)?;
    assert!(missing.len() > 1, "{refused}");
    grant(&bench, &missing)?;
    bench.gate.forget();
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let denied: Vec<_> = bench
        .gate
        .passed()
        .into_iter()
        .filter(|one| one.is_write() && one.status == Some(403))
        .collect();
    assert!(denied.is_empty(), "{denied:#?}");
    Ok(())
}

fn untold() -> Outcome {
    for status in [403, 503] {
        let bench = bench("untold", &without(&[]))?;
        bench.gate.rule(move |passed| {
            let asks = passed.uri.contains("/apis/authorization.k8s.io/");
            asks.then_some(Mishap::Refused(status))
        });
        assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    }
    Ok(())
}

fn useful() -> Outcome {
    let bench = bench("useful", &without(&["pods/log", "events"]))?;
    let plan = bench.run("plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    assert!(has_note(&plan, "rights_useful")?, "{plan}");
    assert!(!has_note(&plan, "rights_missing")?, "{plan}");
    assert_says(
        &plan,
        &[
            "resources: [pods/log], verbs: [get]",
            "resources: [events], verbs: [list, watch]",
        ],
    );
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    // Where nothing is rolled, nothing is lost.
    let again = bench.run("plan")?;
    assert!(!has_note(&again, "rights_useful")?, "{again}");
    Ok(())
}

/// An authorizer beside RBAC, as EKS and others have one, which tells nobody its rules.
struct Authorizer {
    address: String,
    allows: Arc<AtomicBool>,
}

impl Authorizer {
    /// It has no opinion until it is told to allow all.
    fn serve() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let allows = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&allows);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                std::thread::spawn(move || drop(answer(stream, &own)));
            }
        });
        Ok(Self { address, allows })
    }
}

fn answer(mut stream: TcpStream, allows: &AtomicBool) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if length == 0 {
            return Ok(());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let asked: Value = serde_json::from_slice(&body)?;
        let deploys = asked["spec"]["user"]
            .as_str()
            .is_some_and(|user| user.ends_with(":deploys"));
        let allowed = deploys && allows.load(Ordering::SeqCst);
        let said = json!({
            "apiVersion": asked["apiVersion"], "kind": asked["kind"], "status": {"allowed": allowed},
        });
        let said = said.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            said.len()
        );
        stream.write_all((head + &said).as_bytes())?;
    }
}

fn unlisted() -> Outcome {
    let authorizer = Authorizer::serve()?;
    let folder = tempfile::tempdir()?;
    let way = folder.path().join("authorizer");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": authorizer.address}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    });
    std::fs::write(&way, config.to_string())?;
    let cluster = Cluster::start(&Options {
        apiserver_flags: vec![
            "--authorization-mode=Webhook".into(),
            format!("--authorization-webhook-config-file={}", way.display()),
            "--authorization-webhook-version=v1".into(),
            "--authorization-webhook-cache-authorized-ttl=1ms".into(),
            "--authorization-webhook-cache-unauthorized-ttl=1ms".into(),
        ],
        ..Options::default()
    })?;
    let read = ALL
        .iter()
        .map(|(group, resource, _)| (*group, *resource, vec!["get", "list", "watch"]));
    let bench = Bench::on(&cluster, "unlisted", &role(read))?;
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "failed", None, 1)?;
    nothing_is_written(&bench);
    assert_says(&refused, &["resources: [leases], verbs: [create, patch]"]);
    let plan = bench.run("plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    assert_says(
        &plan,
        &["resources: [services], verbs: [", "resources: [leases]"],
    );
    // What only the other authorizer knows is enough.
    authorizer.allows.store(true, Ordering::SeqCst);
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)
}
