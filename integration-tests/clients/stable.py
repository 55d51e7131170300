"""A service is created, becomes stable, is updated, and its history says so."""

from shop import CLUSTER, create, describe, ecs, equal, register, stable, successful

created = create("v1", tags=[{"key": "team", "value": "shop"}])
(first,) = created["deployments"]
equal(first["status"], "PRIMARY")
equal(first["rolloutState"], "IN_PROGRESS", "a creation is not complete at birth")
stable()

service = describe()
equal((service["desiredCount"], service["runningCount"], service["pendingCount"]), (2, 2, 0))
equal(service["launchType"], "FARGATE")
equal(service["tags"], [{"key": "team", "value": "shop"}])
breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
equal((breaker["enable"], breaker["rollback"]), (True, True))
equal((service["deploymentConfiguration"]["maximumPercent"], service["deploymentConfiguration"]["minimumHealthyPercent"]), (200, 100))

arns = ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
equal([task["lastStatus"] for task in tasks], ["RUNNING", "RUNNING"])
equal({task["startedBy"] for task in tasks}, {first["id"]})

revision = register("v2")
updated = ecs.update_service(cluster=CLUSTER, service="web", taskDefinition=revision)["service"]
primary = next(one for one in updated["deployments"] if one["status"] == "PRIMARY")
assert primary["id"] != first["id"], "a new task definition starts a deployment"
equal(primary["taskDefinition"], revision)
equal(len(updated["deployments"]), 2, "the former deployment is still there")
stable()

equal(describe()["taskDefinition"], revision)
ended = successful(primary["id"])
assert ended["finishedAt"] >= ended["startedAt"] >= ended["createdAt"], ended
revisions = ecs.describe_service_revisions(serviceRevisionArns=[ended["targetServiceRevision"]["arn"]])["serviceRevisions"]
equal(revisions[0]["taskDefinition"], revision)

# Only a count: nothing is rolled.
before = len(ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"])
ecs.update_service(cluster=CLUSTER, service="web", desiredCount=3)
stable()
equal(describe()["runningCount"], 3)
equal(describe()["deployments"][0]["id"], primary["id"])
equal(len(ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]), before)

ecs.delete_service(cluster=CLUSTER, service="web", force=True)
assert describe()["status"] in ("DRAINING", "INACTIVE")
