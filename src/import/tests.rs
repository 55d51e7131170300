//! The measure: how much of what teams really run comes in, by kind of loss.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

mod around;
mod called;
mod copilot;
mod keda;
mod kinds;
mod patched;
mod scaling;
mod shifting;

/// Where losses are.
fn paths(losses: &[Loss]) -> Vec<&str> {
    losses.iter().map(|loss| loss.path.as_str()).collect()
}

/// Sets of files as teams have them: structure real, strings neutral.
fn corpus(platform: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("integration-tests/corpus")
        .join(platform);
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

/// How many sets are taken exactly, with losses, and not.
type Counts = [usize; 3];

/// The measure of one platform, twice: by typed words alone, and with the hatch.
fn measure(platform: &str) -> [Counts; 2] {
    let target: TargetName = "production".parse().unwrap();
    let mut counts = [[0; 3]; 2];
    let mut kinds = [BTreeMap::<String, usize>::new(), BTreeMap::new()];
    for set in corpus(platform) {
        let imported = files::folder(&set, &target).and_then(|source| import(&source, &target));
        let name = set.file_name().unwrap().to_string_lossy().into_owned();
        let imported = match imported {
            Err(why) => {
                for counts in &mut counts {
                    counts[2] += 1;
                }
                println!("{platform}/{name}  not taken: {why}");
                continue;
            }
            Ok(imported) => imported,
        };
        let (lost, patched) = (&imported.losses, &imported.patched);
        counts[0][usize::from(!lost.is_empty() || !patched.is_empty())] += 1;
        counts[1][usize::from(!lost.is_empty())] += 1;
        println!(
            "{platform}/{name}  {} losses, {} by patch",
            lost.len(),
            patched.len()
        );
        for (index, mark, losses) in [(0, "patch", patched), (1, "LOST ", lost)] {
            for loss in losses {
                println!("    {mark} {} {}: {}", loss.of, loss.path, loss.why);
                let kind = loss.path.rsplit('.').next().unwrap_or_default();
                *kinds[index].entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    for (what, kinds) in ["by patch", "lost"].iter().zip(kinds) {
        let mut kinds: Vec<(String, usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        println!("{platform}, {what}: {kinds:?}");
    }
    println!("{platform:<22} exact  lossy  not taken");
    for (what, [exact, lossy, refused]) in
        ["typed words alone", "with the hatch"].iter().zip(counts)
    {
        println!("{what:<22} {exact:>5}  {lossy:>5}  {refused:>9}");
    }
    counts
}

#[test]
fn the_corpus_of_ecs_comes_in() {
    let [[typed, ..], [exact, lossy, _]] = measure("ecs");
    assert!(typed >= 23 && exact >= 24 && exact + lossy >= 25);
}

#[test]
fn the_corpus_of_kubernetes_comes_in() {
    let [[typed, ..], [exact, lossy, _]] = measure("kubernetes");
    assert!(typed >= 10 && exact >= 13 && exact + lossy >= 14);
}

/// A Deployment, and objects of kinds that no word says.
const BESIDE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: "web:v1"
          resources: { requests: { cpu: 250m, memory: 256Mi }, limits: { memory: 256Mi } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop, creationTimestamp: null, labels: { tier: back } }
data: { level: "0755", flag: "yes", script: "echo $HOME ${NAME}\n# more\n" }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec: { schedule: "0 3 * * *", suspend: true, jobTemplate: { spec: { backoffLimit: 2 } } }
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: rules }
spec: { groups: [{ name: a, rules: [{ alert: Down, expr: "up{job=\"web\"} == 0" }] }] }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
data: { password: aHVudGVyMg== }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: far, namespace: away }
"#;

#[test]
fn what_no_word_says_is_carried_along() {
    let target: TargetName = "production".parse().unwrap();
    let source = Source::Kubernetes(files::manifests(BESIDE).unwrap());
    let imported = import(&source, &target).unwrap();
    let line = "manifests = [\"k8s/web.yaml\"]";
    assert!(
        imported
            .deploy
            .lines()
            .any(|one| one.split_whitespace().collect::<Vec<_>>().join(" ") == line),
        "{}",
        imported.deploy
    );
    let [(path, text)] = imported.manifests.as_slice() else {
        panic!("{:?}", imported.manifests);
    };
    assert_eq!(path, "k8s/web.yaml");
    for name in ["settings", "nightly", "rules"] {
        assert!(text.contains(&format!("name: {name}")), "{text}");
    }
    assert!(
        !text.contains("aHVudGVyMg") && !text.contains("namespace"),
        "{text}"
    );
    let beside: Vec<(&str, &str)> = imported
        .losses
        .iter()
        .filter(|loss| !loss.of.starts_with("Deployment"))
        .map(|loss| (loss.of.as_str(), loss.why.as_str()))
        .collect();
    let far = "it is of namespace away, and the target's is shop";
    assert_eq!(beside, [("ConfigMap far", far)]);
    let stays = |note: &String| note.starts_with("Secret keys stays where it is");
    assert!(imported.notes.iter().any(stays), "{:?}", imported.notes);
    let told = format!("{:?}", imported.losses);
    assert!(!told.contains("aHVudGVyMg"), "{told}");
}

#[test]
fn without_pods_there_is_no_service() {
    let target: TargetName = "production".parse().unwrap();
    let text = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: { name: db }\n";
    let source = Source::Kubernetes(files::manifests(text).unwrap());
    let why = import(&source, &target).unwrap_err().to_string();
    assert!(
        why.contains("no Deployment, StatefulSet or DaemonSet is among the manifests (ReplicaSet)"),
        "{why}"
    );
}

/// Services of one cluster, of which the first has no network: the next one's is what the target says.
#[test]
fn the_network_is_that_of_a_service_that_has_one() {
    let of = |name: &str, mode: &str, launch: &str| EcsSource {
        task: serde_json::json!({
            "family": name, "networkMode": mode, "requiresCompatibilities": [launch], "cpu": "256", "memory": "512",
            "containerDefinitions": [{ "name": name, "image": "a:v1", "memory": 128 }],
        }),
        service: Some(serde_json::json!({
            "serviceName": name, "cluster": "main", "launchType": launch, "desiredCount": 1,
            "networkConfiguration": (mode == "awsvpc").then(|| serde_json::json!({
                "awsvpcConfiguration": { "subnets": ["subnet-1a"] } })),
        })),
        ..EcsSource::default()
    };
    let all = vec![of("agent", "bridge", "EC2"), of("web", "awsvpc", "FARGATE")];
    let imported = import(&Source::Ecs(all), &"production".parse().unwrap()).unwrap();
    assert_eq!(imported.losses, []);
    assert!(imported.target.contains("subnet-1a"), "{}", imported.target);
}
