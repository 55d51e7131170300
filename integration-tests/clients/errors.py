"""Every error arrives as the type that AWS documents, so that other people's `except` clauses work."""

import boto3
from botocore.exceptions import ClientError
from shop import CLUSTER, NETWORK, create, ecs, equal, register, stable


def refused(kind, call, **words):
    """The call must fail with this error code, and where boto3 models it, with that exception class."""
    try:
        call(**words)
    except ClientError as error:
        equal(error.response["Error"]["Code"], kind, error)
        modelled = getattr(ecs.exceptions, kind, None)
        assert modelled is None or isinstance(error, modelled), type(error)
        return error.response["Error"]["Message"]
    raise AssertionError(f"no {kind}")


equal(boto3.client("sts").get_caller_identity()["Account"], "123456789012")

refused("ClusterNotFoundException", ecs.describe_services, cluster="nowhere", services=["web"])
refused("ClusterNotFoundException", ecs.list_tasks, cluster="nowhere")
answer = ecs.describe_services(cluster=CLUSTER, services=["nobody"])
equal((answer["services"], answer["failures"][0]["reason"]), ([], "MISSING"))
refused("ServiceNotFoundException", ecs.update_service, cluster=CLUSTER, service="nobody", desiredCount=1)
refused("ClientException", ecs.describe_task_definition, taskDefinition="nobody:1")

container = {"name": "web", "image": "shop/web:v1", "essential": True}
fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container]}
text = refused("ClientException", ecs.register_task_definition, family="odd", cpu="1024", memory="1024", **fargate)
assert "No Fargate configuration exists" in text, text

create("v1")
stable()
other = {"serviceName": "web", "taskDefinition": register("v2"), "desiredCount": 5, "networkConfiguration": NETWORK}
text = refused("InvalidParameterException", ecs.create_service, cluster=CLUSTER, launchType="FARGATE", **other)
assert "idempotent" in text, text
refused("InvalidParameterException", ecs.delete_service, cluster=CLUSTER, service="web")

ecs.delete_service(cluster=CLUSTER, service="web", force=True)
refused("ServiceNotActiveException", ecs.update_service, cluster=CLUSTER, service="web", desiredCount=1)
