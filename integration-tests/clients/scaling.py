"""Application Auto Scaling, there and back."""

import boto3
from shop import CLUSTER, create, equal, stable

scaling = boto3.client("application-autoscaling")
where = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/web", "ScalableDimension": "ecs:service:DesiredCount"}
tracking = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    "ScaleInCooldown": 300,
    "ScaleOutCooldown": 60,
}
policy = {"PolicyName": "web-cpu-scaling", "PolicyType": "TargetTrackingScaling"}


def targets():
    return scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[where["ResourceId"]])["ScalableTargets"]


def policies():
    return scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=where["ResourceId"])["ScalingPolicies"]


create("v1")
stable()
equal((targets(), policies()), ([], []))

try:
    scaling.put_scaling_policy(**where, **policy, TargetTrackingScalingPolicyConfiguration=tracking)
    raise AssertionError("a policy needs its target first")
except scaling.exceptions.ObjectNotFoundException:
    pass

scaling.register_scalable_target(**where, MinCapacity=2, MaxCapacity=20)
(target,) = targets()
equal((target["MinCapacity"], target["MaxCapacity"]), (2, 20))

put = scaling.put_scaling_policy(**where, **policy, TargetTrackingScalingPolicyConfiguration=tracking)
assert put["PolicyARN"].endswith("policyName/web-cpu-scaling"), put
(found,) = policies()
equal(found["TargetTrackingScalingPolicyConfiguration"], tracking)

scaling.register_scalable_target(**where, MaxCapacity=30)
(target,) = targets()
equal((target["MinCapacity"], target["MaxCapacity"]), (2, 30), "what is left out stays")

scaling.delete_scaling_policy(**where, PolicyName="web-cpu-scaling")
equal(policies(), [])
scaling.deregister_scalable_target(**where)
equal(targets(), [])
try:
    scaling.deregister_scalable_target(**where)
    raise AssertionError("it is gone already")
except scaling.exceptions.ObjectNotFoundException:
    pass
