"""The reads of other services that a deploy is judged with: target health and the last lines of a container."""

import boto3
from shop import CLUSTER, ecs, equal, NETWORK, stable, until

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
LOGS = {"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}

elb = boto3.client("elbv2")
logs = boto3.client("logs")


def revision(tag):
    container = {
        "name": "web",
        "image": f"shop/web:{tag}",
        "essential": True,
        "portMappings": [{"containerPort": 80}],
        "logConfiguration": {"logDriver": "awslogs", "options": LOGS},
    }
    answer = ecs.register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn="arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        containerDefinitions=[container],
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


ecs.create_service(
    cluster=CLUSTER,
    serviceName="web",
    taskDefinition=revision("v1"),
    desiredCount=2,
    launchType="FARGATE",
    networkConfiguration=NETWORK,
    loadBalancers=[{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 80}],
)
stable()


def healthy():
    found = elb.describe_target_health(TargetGroupArn=GROUP)["TargetHealthDescriptions"]
    return found if [one["TargetHealth"]["State"] for one in found] == ["healthy", "healthy"] else None


targets = until(healthy, "two healthy targets")
equal({target["Target"]["Port"] for target in targets}, {80})

ecs.update_service(cluster=CLUSTER, service="web", taskDefinition=revision("crash"))


def last_words():
    try:
        return logs.filter_log_events(logGroupName="/ecs/web", logStreamNamePrefix="ecs/web/")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return None


event = until(last_words, "a line of the container that died")[0]
assert event["message"] and event["logStreamName"].startswith("ecs/web/"), event
