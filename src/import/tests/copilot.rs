//! Manifests of AWS Copilot, as a team has them at several environments.

use super::*;

const MANIFEST: &str = r#"
name: api
type: Load Balanced Web Service
image: { build: Dockerfile, port: 8080, healthcheck: { command: "curl -f localhost", interval: 20s } }
http: { path: /api, healthcheck: { path: /health, grace_period: 90s } }
cpu: 512
memory: 1024
platform: linux/arm64
exec: true
network: { connect: true, vpc: { placement: private } }
entrypoint: "/bin/run 'two words'"
variables: { LEVEL: info, DEBUG: false }
secrets: { TOKEN: /shop/token, DATABASE: { secretsmanager: shop/db } }
storage: { volumes: { shared: { path: /data, read_only: false, efs: { id: fs-1, auth: { iam: true } } } } }
logging: { destination: { Name: cloudwatch, region: us-east-1 } }
sidecars:
  nginx: { port: 80, image: example/nginx:v1, depends_on: { api: start }, mount_points: [{ source_volume: shared, path: /www }] }
count: { range: 2-10, cooldown: { in: 60s, out: 30s }, cpu_percentage: 70, requests: 100, response_time: 2s }
taskdef_overrides: [{ path: "ContainerDefinitions[0].Ulimits[-]", value: { Name: nofile, SoftLimit: 1024, HardLimit: 4096 } }]
healthcheck: { path: / }
environments:
  test: { count: { spot: 2 }, variables: { LEVEL: debug } }
  prod: { memory: 2048 }
"#;

fn imported(target: &str) -> Imported {
    let target = target.parse().unwrap();
    let documents = files::manifests(MANIFEST).unwrap();
    let source = files::of_documents(documents, &target, Some("shop")).unwrap();
    import(&source, &target).unwrap()
}

#[test]
fn a_manifest_is_what_it_asks_ecs_for() {
    let imported = imported("prod");
    let losses = paths(&imported.losses);
    assert_eq!(losses, ["count.response_time"]);
    let notes = imported.notes.join("\n");
    insta::assert_snapshot!(format!("{}\n{}\n{notes}", imported.deploy, imported.target));
}

#[test]
fn each_environment_is_a_target() {
    let (test, other) = (imported("test"), imported("production"));
    assert_eq!(test.losses, []);
    assert!(test.deploy.contains("FARGATE_SPOT") && test.deploy.contains("debug"));
    assert!(other.notes.iter().any(|note| note.contains("prod, test")));
}

#[test]
fn a_job_is_not_taken() {
    let target = "production".parse().unwrap();
    let job =
        files::manifests("name: report\ntype: Scheduled Job\non: { schedule: '@daily' }").unwrap();
    let why = files::of_documents(job, &target, None).err().unwrap();
    assert!(why.0.contains("ends by itself"), "{why}");
}
