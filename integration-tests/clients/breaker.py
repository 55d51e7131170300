"""A crashing image trips the circuit breaker, and the service goes back to what it ran before."""

from shop import CLUSTER, create, describe, ecs, equal, register, rollout, stable, until

create("v1")
# Only a completed deployment can be gone back to, and a stable service may not have one yet.
until(lambda: [one["rolloutState"] for one in describe()["deployments"]] == ["COMPLETED"], "a completed deployment")
good = describe()["taskDefinition"]

answer = ecs.update_service(cluster=CLUSTER, service="web", taskDefinition=register("crash"))["service"]
ours = next(one for one in answer["deployments"] if one["status"] == "PRIMARY")["id"]
number = ours.removeprefix("ecs-svc/")

seen = set()


def ended():
    deployment = rollout(number)
    if deployment:
        seen.add(deployment["status"])
    return deployment and deployment["status"].endswith(("SUCCESSFUL", "STOPPED", "FAILED")) and deployment


def stopped():
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName="web", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
    return [task for task in tasks if task["startedBy"] == ours]


task = until(stopped, "a stopped task of the crashing revision")[0]
equal(task["stopCode"], "EssentialContainerExited")
assert task["containers"][0]["exitCode"] != 0, task

deployment = until(ended, "the end of the rollout")
equal(deployment["status"], "ROLLBACK_SUCCESSFUL")
equal(deployment["deploymentCircuitBreaker"]["status"], "TRIGGERED")
equal(deployment["deploymentCircuitBreaker"]["threshold"], 3, "half of two, but three at least")
assert deployment["deploymentCircuitBreaker"]["failureCount"] >= 3, deployment
assert deployment["rollback"]["serviceRevisionArn"], deployment
assert "circuit breaker" in deployment["statusReason"].lower(), deployment

# What naive waiters take for success.
stable()
service = describe()
equal(service["taskDefinition"], good)
(primary,) = service["deployments"]
assert primary["id"] != ours, "the rollback is a deployment of its own"
assert any("rolling back" in event["message"].lower() for event in service["events"]), service["events"]
