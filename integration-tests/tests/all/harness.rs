//! The harness itself: a proxy that lost a call, or invented one, would make every other test worthless.

use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::project::unique;
use integration_tests::proxy::{Fault, Kind, Proxy};
use integration_tests::trial::{Outcome, Stop};
use integration_tests::trials;
use integration_tests::{host, servers};
use serde_json::json;

trials! { "harness":
    the_proxy_logs_what_passes,
    faults_strike_the_calls_they_name,
    a_lost_reply_was_performed,
    containers_really_serve,
    python_clients_reach_a_server,
}

fn the_proxy_logs_what_passes() -> Outcome {
    let proxy = Proxy::before(&servers::moto()?.url)?;
    let aws = Aws::at(&proxy.url);
    let cluster = unique("logged");
    aws.ecs("CreateCluster", &json!({"clusterName": cluster}))?;
    proxy.delay(Duration::from_millis(50));
    aws.ecs("DescribeClusters", &json!({"clusters": [cluster]}))?;
    let calls = proxy.calls();
    let operations: Vec<_> = calls
        .iter()
        .map(|call| (call.service.as_str(), call.operation.as_str()))
        .collect();
    assert_eq!(
        operations,
        [("ecs", "CreateCluster"), ("ecs", "DescribeClusters")]
    );
    assert_eq!(calls[0].input["clusterName"], cluster.as_str());
    assert_eq!(calls[1].status, Some(200));
    assert!(calls[1].took >= Duration::from_millis(50), "{calls:?}");
    assert_eq!(proxy.writes(), ["CreateCluster"]);
    Ok(())
}

fn faults_strike_the_calls_they_name() -> Outcome {
    let proxy = Proxy::before(&servers::moto()?.url)?;
    let aws = Aws::at(&proxy.url);
    proxy.inject(Fault::new(Kind::Throttle, "ListClusters", 2..=2));
    assert!(aws.ecs("ListClusters", &json!({})).is_ok());
    let refused = aws.ecs("ListClusters", &json!({}));
    assert!(
        matches!(&refused, Err(Stop::Fail(words)) if words.contains("ThrottlingException")),
        "{refused:?}"
    );
    assert!(aws.ecs("ListClusters", &json!({})).is_ok());
    proxy.inject(Fault::always(Kind::Deny, "ListClusters"));
    assert!(aws.ecs("ListClusters", &json!({})).is_err());
    proxy.heal();
    assert!(aws.ecs("ListClusters", &json!({})).is_ok());
    Ok(())
}

fn a_lost_reply_was_performed() -> Outcome {
    let moto = servers::moto()?;
    let proxy = Proxy::before(&moto.url)?;
    let (lost, refused) = (unique("lost"), unique("refused"));
    proxy.inject(Fault::new(Kind::LoseReply, "CreateCluster", 1..=1));
    proxy.inject(Fault::new(Kind::Refuse, "CreateCluster", 1..=1));
    assert!(
        Aws::at(&proxy.url)
            .ecs("CreateCluster", &json!({"clusterName": lost}))
            .is_err()
    );
    assert!(
        Aws::at(&proxy.url)
            .ecs("CreateCluster", &json!({"clusterName": refused}))
            .is_err()
    );
    let known = Aws::at(&moto.url)
        .ecs("ListClusters", &json!({}))?
        .to_string();
    assert!(known.contains(&lost), "{known}");
    assert!(!known.contains(&refused), "{known}");
    Ok(())
}

fn containers_really_serve() -> Outcome {
    let ministack = servers::ministack()?;
    let aws = Aws::at(&ministack.url);
    let (cluster, family) = (unique("serving"), unique("web"));
    aws.ecs("CreateCluster", &json!({"clusterName": cluster}))?;
    let container = json!({"name": "web", "image": "localhost/web:v2", "essential": true});
    let definition = json!({"family": family, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container]});
    aws.ecs("RegisterTaskDefinition", &definition)?;
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a"]}});
    let service = json!({"cluster": cluster, "serviceName": "web", "taskDefinition": family, "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": network});
    aws.ecs("CreateService", &service)?;
    let served = host::poll(Duration::from_secs(30), || {
        let tasks = aws.tasks(&cluster, "web").ok()?;
        ministack
            .fetch(tasks.first()?["attachments"][0]["details"][1]["value"].as_str()?)
            .ok()
    });
    aws.ecs(
        "DeleteService",
        &json!({"cluster": cluster, "service": "web", "force": true}),
    )?;
    assert_eq!(served.as_deref(), Some("2"));
    Ok(())
}

fn python_clients_reach_a_server() -> Outcome {
    let proxy = Proxy::before(&servers::moto()?.url)?;
    let output = servers::clients()?
        .aws(&proxy.url)
        .args(["sts", "get-caller-identity"])
        .output()?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let calls = proxy.calls();
    assert_eq!(
        (calls[0].service.as_str(), calls[0].operation.as_str()),
        ("sts", "GetCallerIdentity")
    );
    Ok(())
}
