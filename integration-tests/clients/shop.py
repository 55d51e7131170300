"""What the scripts beside this one share: clients of the endpoint in AWS_ENDPOINT_URL, and a service to play with."""

import time

import boto3

CLUSTER = "main"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"], "securityGroups": ["sg-0a"]}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}

ecs = boto3.client("ecs")


def register(tag, family="web"):
    """Registers a revision whose image behaves as its tag says, and returns its ARN."""
    container = {
        "name": "web",
        "image": f"shop/web:{tag}",
        "essential": True,
        "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
        "environment": [{"name": "TAG", "value": tag}],
    }
    answer = ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn="arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        containerDefinitions=[container],
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def create(tag, name="web", **more):
    """Creates a service of two tasks, with the circuit breaker on."""
    answer = ecs.create_service(
        cluster=CLUSTER,
        serviceName=name,
        taskDefinition=register(tag),
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        deploymentConfiguration=BREAKER,
        **more,
    )
    return answer["service"]


def stable(name="web"):
    """Waits with boto3's own waiter until the service is stable."""
    ecs.get_waiter("services_stable").wait(
        cluster=CLUSTER, services=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 90}
    )


def describe(name="web"):
    return ecs.describe_services(cluster=CLUSTER, services=[name], include=["TAGS"])["services"][0]


def rollout(number, name="web"):
    """The service deployment whose target revision belongs to deployment `ecs-svc/NUMBER`, or None."""
    listed = ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]
    for brief in listed:
        if brief["targetServiceRevisionArn"].endswith("/" + number):
            arns = [brief["serviceDeploymentArn"]]
            return ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0]
    return None


def successful(deployment, name="web"):
    """Waits until the rollout of a deployment (`ecs-svc/NUMBER`) is SUCCESSFUL, and returns it.

    Being stable is not enough: that is so a little earlier, and after a rollback too.
    """
    number = deployment.removeprefix("ecs-svc/")

    def ended():
        found = rollout(number, name)
        return found and found["status"] == "SUCCESSFUL" and found

    return until(ended, f"the success of {deployment}")


def until(find, what, seconds=90):
    """Polls until `find` returns something true, and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"never seen: {what}")


def equal(found, wanted, what=""):
    assert found == wanted, f"{what}: {found!r}, not {wanted!r}"
