//! What only ECS knows about containers, and what it keeps with a service.

use serde_json::json;

use super::elsewhere::requests;
use super::*;
use crate::import::{EcsSource, Loss, Source, import};

const SERVICE: &str = r#"
project = "shop"
[service.api]
image = "api:v1"
port = { port = 8080, name = "http", app_protocol = "http2" }
cpu = 0.5
memory = "1GiB"
[service.api.ecs]
execution_role = "path/execution"
task_role = "api"
requests = { cpu = 0.0635, memory = "256MiB" }
limits = { memory = "512MiB" }
log = { driver = "awsfirelens", options = { Name = "datadog" }, secrets = { apikey = "ssm:/datadog" } }
ulimits = { nofile = 65536, core = { soft = 0, hard = 1 } }
docker_labels = { "com.example.team" = "checkout" }
env_files = ["arn:aws:s3:::bucket/api.env"]
repository_credentials = "arn:aws:secretsmanager:us-east-1:123456789012:secret:registry"
start_timeout = "2m"
init = true
capabilities = { add = ["SYS_PTRACE"], drop = ["NET_RAW"] }
tmpfs = [{ path = "/run", size = "64MiB", options = ["noexec"] }]
restart = { ignore = [0] }
system_controls = { "net.core.somaxconn" = "1024" }
health_command = ["curl", "-f", "http://localhost:8080/health"]
interactive = true
tty = true
version_consistency = false
pid_mode = "task"
managed_tags = true
propagate_tags = "service"
az_rebalancing = false
connect = { namespace = "shop", services = [{ port = "http", name = "api", aliases = [{ port = 80, dns = "api" }] }] }
registries = [{ arn = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1" }]
[service.api.sidecar.router]
image = "router:1"
cpu = 0.0625
health = { interval = "10s" }
[service.api.sidecar.router.ecs]
requests = { memory = "50MiB" }
health_command = ["true"]
firelens = { router = "fluentbit", options = { enable-ecs-log-metadata = "true" } }
log = { driver = "awslogs", options = { awslogs-group = "/ecs/router", awslogs-region = "eu-west-1", awslogs-stream-prefix = "router" } }
[service.api.sidecar.quiet]
image = "quiet:1"
[service.api.sidecar.quiet.ecs]
log = false
"#;

const ON_INSTANCES: &str = r#"
project = "shop"
[service.api]
image = "api:v1"
ports = [{ port = 8080, host = 80 }, "53/udp"]
[service.api.ecs]
launch_type = "ec2"
network_mode = "bridge"
requests = { memory = "256MiB" }
log_group = "/ecs/api"
log_options = { awslogs-create-group = "true", mode = "non-blocking" }
privileged = true
gpu = 1
shm_size = "64MiB"
links = ["db"]
extra_hosts = { db = "10.0.0.7" }
dns = ["10.0.0.2"]
dns_search = ["internal"]
hostname = "api"
security_options = ["no-new-privileges"]
ipc_mode = "host"
[service.api.sidecar.db]
image = "db:1"
memory = "128MiB"
port = 8080
"#;

fn of(changes: &[(&str, &str)]) -> EcsService {
    let mut text = SERVICE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    services_of(&spec(&text, TARGET)).remove(0)
}

#[test]
fn all_that_only_ecs_knows_of_containers_is_asked_for() {
    let requests = requests(&of(&[]), TARGET);
    insta::assert_snapshot!(serde_json::to_string_pretty(&requests).unwrap());
}

/// What the files lack that `init` makes of requests.
fn lost(requests: &serde_json::Value) -> Vec<Loss> {
    let source = Source::Ecs(vec![EcsSource {
        task: requests["taskDefinition"].clone(),
        service: Some(requests["service"].clone()),
        ..EcsSource::default()
    }]);
    let imported = import(&source, &"ecs".parse().unwrap()).unwrap();
    println!("{}{}", imported.deploy, imported.target);
    imported.losses
}

#[test]
fn all_of_it_comes_in_again() {
    assert_eq!(lost(&requests(&of(&[]), TARGET)), []);
}

#[test]
fn what_docker_alone_has_is_asked_for_on_instances() {
    let service = services_of(&spec(ON_INSTANCES, TARGET)).remove(0);
    let requests = requests(&service, TARGET);
    assert_eq!(lost(&requests), []);
    let task = &requests["taskDefinition"];
    assert_eq!(task["ipcMode"], "host");
    assert_eq!(
        task["containerDefinitions"][0],
        json!({
            "name": "api",
            "image": "api:v1",
            "essential": true,
            "memoryReservation": 256,
            "portMappings": [
                { "containerPort": 8080, "hostPort": 80, "protocol": "tcp" },
                { "containerPort": 53, "protocol": "udp" },
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-create-group": "true",
                    "awslogs-group": "/ecs/api",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "ecs",
                    "mode": "non-blocking",
                },
            },
            "privileged": true,
            "resourceRequirements": [{ "type": "GPU", "value": "1" }],
            "linuxParameters": { "sharedMemorySize": 64 },
            "links": ["db"],
            "extraHosts": [{ "hostname": "db", "ipAddress": "10.0.0.7" }],
            "dnsServers": ["10.0.0.2"],
            "dnsSearchDomains": ["internal"],
            "hostname": "api",
            "dockerSecurityOptions": ["no-new-privileges"],
        })
    );
}

async fn rolled_out(cloud: &Cloud, service: &EcsService) -> Vec<String> {
    let plan = cloud.plan(service).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.settle(&plan).await.unwrap();
    let again = cloud.plan(service).await.unwrap().plan;
    assert_eq!(shown(&again), Vec::<String>::new());
    let left = again.notes.iter().filter(|note| note.code == "left_alone");
    assert_eq!(left.count(), 0);
    shown(&plan)
}

#[tokio::test(start_paused = true)]
async fn it_is_deployed_once_changes_like_any_field_and_goes_with_its_word() {
    let cloud = Cloud::new().await;
    rolled_out(&cloud, &of(&[])).await;
    let changed = of(&[
        ("nofile = 65536, ", ""),
        ("drop = [\"NET_RAW\"]", "drop = [\"ALL\"]"),
        ("requests = { memory = \"50MiB\" }\n", ""),
        ("Name = \"datadog\"", "Name = \"splunk\""),
        ("init = true\n", ""),
        ("managed_tags = true", "managed_tags = false"),
        ("dns = \"api\"", "dns = \"shop-api\""),
    ]);
    assert_eq!(
        rolled_out(&cloud, &changed).await,
        [
            "task definition containers.api.linuxParameters.capabilities.drop: [\"NET_RAW\"] -> [\"ALL\"] (restarts)",
            "task definition containers.api.linuxParameters.initProcessEnabled: true -> - (restarts)",
            "task definition containers.api.logConfiguration.Name: datadog -> splunk (restarts)",
            "task definition containers.api.ulimits.nofile.hardLimit: 65536 -> - (restarts)",
            "task definition containers.api.ulimits.nofile.softLimit: 65536 -> - (restarts)",
            "task definition containers.router.memoryReservation: 50 -> - (restarts)",
            "service enableECSManagedTags: true -> - (nothing visible)",
            "service serviceConnectConfiguration.services: [{\"clientAliases\":[{\"dnsName\":\"api\",\"port\":80}],\"discoveryName\":\"api\",\"portName\":\"http\"}] -> [{\"clientAliases\":[{\"dnsName\":\"shop-api\",\"port\":80}],\"discoveryName\":\"api\",\"portName\":\"http\"}] (restarts)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn containers_are_called_as_the_file_says() {
    let group = "target_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/1\"\n";
    let called = of(&[
        (
            "[service.api]\n",
            "[service.api]\ncontainer = \"Api_Main\"\n",
        ),
        (
            "[service.api.ecs]\n",
            &format!("[service.api.ecs]\n{group}"),
        ),
        ("sidecar.router", "sidecar.Log_Router"),
    ]);
    let requests = requests(&called, TARGET);
    let containers = requests["taskDefinition"]["containerDefinitions"].as_array();
    let names: Vec<&str> = containers
        .into_iter()
        .flatten()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["Api_Main", "Log_Router", "quiet"]);
    // What is said of the main container in the table of ECS is said of it.
    let main = &requests["taskDefinition"]["containerDefinitions"][0];
    assert_eq!(main["dockerLabels"]["com.example.team"], "checkout");
    assert_eq!(
        requests["service"]["loadBalancers"][0]["containerName"],
        "Api_Main"
    );
    assert_eq!(lost(&requests), []);
    rolled_out(
        &Cloud::new().await,
        &of(&[
            (
                "[service.api]\n",
                "[service.api]\ncontainer = \"Api_Main\"\n",
            ),
            ("sidecar.router", "sidecar.Log_Router"),
        ]),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_role_by_name_is_the_role_by_its_arn() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let named = service_with(&[
        ("arn:aws:iam::123456789012:role/execution", "execution"),
        ("arn:aws:iam::123456789012:role/api", "api"),
    ]);
    let plan = cloud.plan(&named).await.unwrap().plan;
    assert_eq!(shown(&plan), Vec::<String>::new());
    let elsewhere = named.own.task_role.as_deref();
    assert_eq!(elsewhere, Some("arn:aws:iam::123456789012:role/api"));
}
