//! Words that mean the same wherever they stand.

use super::Here::{Called, Is, Lacks};
use super::{CLUSTER_IP, ONE_NAME, Row};

const ROLLING: &str = "on ECS `strategy`, `bake` and `hooks` in [service.NAME.ecs] say how traffic moves to what is new; how many come and go at once is set by `minimum_healthy_percent` and `maximum_percent` in [service.NAME.ecs], and by `strategy`, `max_surge` and `max_unavailable` in [service.NAME.kubernetes]";
const STATEFUL: &str = "`kind = \"StatefulSet\"` in [service.NAME.kubernetes] gives pods names of their own, and `claims` there volumes of their own";

/// What a word means anywhere.
pub(super) const ANYWHERE: &[Row] = &[
    // Counts and sizes.
    (
        "count desiredcount instances replicacount numreplicas scale minreplicas maxreplicas",
        Called("`replicas`, or `scaling = { min = 2, max = 10, cpu = 70 }`, in [service.NAME]"),
    ),
    (
        "autoscaling hpa horizontalpodautoscaler autoscaler scalingpolicies scalabletarget",
        Called("`scaling`, in [service.NAME]"),
    ),
    (
        "scaledobject scaledobjects triggerauthentication",
        Called("`keda`, in [service.NAME.kubernetes], beside `scaling`"),
    ),
    (
        "resources memoryreservation memlimit memreservation cpus cpulimit cpushares",
        Called(
            "`cpu` and `memory`, in [service.NAME]; `requests` and `limits` in [service.NAME.ecs] or [service.NAME.kubernetes] say it more finely",
        ),
    ),
    (
        "deploy",
        Called("`replicas`, `cpu`, `memory` and `rollout`, in [service.NAME]"),
    ),
    // Containers.
    (
        "containerdefinitions containerdefinition containers container sidecars initcontainers initcontainer extracontainers",
        Called(
            "[service.NAME.sidecar.NAME], for each container beside the main one; one that runs before it has `essential = false`, and the main one waits: `depends_on = { NAME = \"success\" }`",
        ),
    ),
    (
        "services",
        Called("[service.NAME], a table for each service"),
    ),
    (
        "taskdefinition spec template podspec",
        Called("[service.NAME], which has the keys of the task or the pod"),
    ),
    (
        "environment variables envvars envs extraenv",
        Called("`env = { NAME = \"value\" }`"),
    ),
    (
        "envfile environmentfiles environmentfile envfrom valuefrom",
        Is(
            "each variable stands in `env`, and each secret in `secrets`; `env_files` in [service.NAME.ecs] and `env_from` in [service.NAME] take whole files, ConfigMaps and Secrets",
        ),
    ),
    (
        "args",
        Called("`command`; Kubernetes' own `command` is `entrypoint`"),
    ),
    ("workdir", Called("`working_dir`")),
    ("workingdirectory", Called("`working_dir`")),
    (
        "portmappings containerport containerports hostport publish targetport",
        Called("`port = 8080`, or `ports = [8080, \"53/udp\"]`"),
    ),
    (
        "arch cpuarchitecture runtimeplatform",
        Called("`architecture`, in [service.NAME]"),
    ),
    (
        "readonlyrootfilesystem readonly readonlyfs",
        Called("`read_only_root`"),
    ),
    (
        "stopgraceperiod terminationgraceperiodseconds terminationgraceperiod terminationgrace graceperiod",
        Called("`stop_timeout`, such as \"60s\", in [service.NAME]"),
    ),
    (
        "healthcheck healthchecks probe probes",
        Called("`health = { path = \"/health\" }` or `health = { command = \"…\" }`"),
    ),
    (
        "startperiod initialdelayseconds",
        Called("`grace`, in `health`"),
    ),
    (
        "livenessprobe",
        Called(
            "`liveness`, in [service.NAME.kubernetes]; it follows `health` where it is left out",
        ),
    ),
    (
        "readinessprobe",
        Called(
            "`readiness`, in [service.NAME.kubernetes]; it follows `health` where it is left out",
        ),
    ),
    (
        "startupprobe",
        Called("`startup`, in [service.NAME.kubernetes]"),
    ),
    (
        "restart restartpolicy",
        Is(
            "what ends is always started again; what runs once is a sidecar with `essential = false`",
        ),
    ),
    (
        "init initprocessenabled tini",
        Lacks(
            "put an init process, such as tini, into the image as its entry point; a container that runs first is a sidecar",
        ),
    ),
    (
        "build dockerfile",
        Is("an image is built and pushed before: `image` names it, or `--image NAME=REF`"),
    ),
    (
        "imagepullpolicy pullpolicy",
        Is(
            "it follows the image: a tag that can move is pulled each time, a digest is not; `pull_policy` in [service.NAME.kubernetes] says otherwise",
        ),
    ),
    (
        "imagepullsecrets repositorycredentials credentialsparameter registry",
        Is(
            "the right to pull belongs to who runs it: the `execution_role` on ECS, the `service_account` on Kubernetes; else `repository_credentials` in [service.NAME.ecs], and `pull_secrets` in [service.NAME.kubernetes]",
        ),
    ),
    (
        "secretoptions secretsfrom secretkeyref",
        Called("`secrets = { NAME = \"arn:…\" }`"),
    ),
    // Roles, networks, load balancers.
    (
        "taskrolearn taskrolename",
        Called("`task_role`, in [service.NAME.ecs]"),
    ),
    (
        "executionrolearn taskexecutionrole executionrolename",
        Called("`execution_role`, in [service.NAME.ecs]"),
    ),
    (
        "serviceaccountname",
        Called("`service_account`, in [service.NAME.kubernetes]"),
    ),
    (
        "iamrole irsa rolearn",
        Called("`task_role` in [service.NAME.ecs], and `role` in [service.NAME.kubernetes]"),
    ),
    (
        "networkconfiguration awsvpcconfiguration subnets securitygroups assignpublicip vpcconfiguration",
        Called(
            "`network = { subnets = […], security_groups = […] }`, in the target's file, config/NAME.toml",
        ),
    ),
    (
        "networkmode networks hostnetwork links extrahosts hostaliases dns dnsconfig dnspolicy dnsservers dnssearchdomains hostname domainname",
        Is(
            "a task has one network of its own (awsvpc, or the pod's), in which its containers reach each other at localhost; `network_mode`, `links` and `dns_servers` are said in [service.NAME.ecs], `dns`, `host_aliases` and `host_network` in [service.NAME.kubernetes]",
        ),
    ),
    (
        "loadbalancers targetgrouparn alb nlb",
        Called("`target_group` or `target_groups`, in [service.NAME.ecs]"),
    ),
    (
        "servicetype clusterip nodeport loadbalancer externaltrafficpolicy sessionaffinity loadbalancersourceranges",
        Is(CLUSTER_IP),
    ),
    (
        "hosts tls domain alias route routes gateway virtualservice",
        Called(ONE_NAME),
    ),
    (
        "ingressclass ingressclassname",
        Called("`ingress = { class = \"…\" }`, in [service.NAME.kubernetes]"),
    ),
    (
        "serviceconnect serviceconnectconfiguration serviceregistries servicediscovery cloudmap vpclatticeconfigurations mesh",
        Called(
            "`connect` or `registries`, in [service.NAME.ecs]; on Kubernetes services reach each other by their Service's name",
        ),
    ),
    // Logs.
    (
        "logconfiguration logging logs logdriver logoptions awslogsgroup firelensconfiguration firelens",
        Called(
            "`log_group` and `log_prefix`, or `log` for any driver, in [service.NAME.ecs]; on Kubernetes the cluster collects what is written",
        ),
    ),
    // Rollouts.
    (
        "strategy updatestrategy rollingupdate bluegreen canary linear recreate deploymentcontroller lifecyclehooks deploymentstrategy updateconfig",
        Is(ROLLING),
    ),
    (
        "deploymentconfiguration minhealthypercent deploymentminimumhealthypercent deploymentmaximumpercent",
        Called("`minimum_healthy_percent` and `maximum_percent`, in [service.NAME.ecs]"),
    ),
    (
        "deploymentcircuitbreaker circuitbreaker",
        Called("`rollout = { breaker = { rollback = true } }`, in [service.NAME]"),
    ),
    (
        "deploymentalarms rollbackalarms alarmnames",
        Called("`alarms`, in [service.NAME.ecs]"),
    ),
    (
        "healthcheckgraceperiodseconds healthcheckgraceperiod graceperiodseconds",
        Called("`health_grace`, in [service.NAME.ecs]"),
    ),
    (
        "enableexecutecommand executecommand enableecsexec",
        Called("`exec = true`, in [service.NAME.ecs]"),
    ),
    (
        "capacityproviderstrategy capacityproviders capacityprovider spot",
        Called("`capacity = [{ provider = \"FARGATE_SPOT\" }]`, in [service.NAME.ecs]"),
    ),
    (
        "launchtype requirescompatibilities compatibilities",
        Is(
            "`launch_type = \"ec2\"`, in [service.NAME.ecs], where tasks run on instances of one's own; `capacity` asks for Spot, and for capacity providers",
        ),
    ),
    (
        "poddisruptionbudget minavailable",
        Called("`disruption`, in [service.NAME.kubernetes]"),
    ),
    (
        "minreadyseconds",
        Called("`min_ready`, in [service.NAME.kubernetes]"),
    ),
    (
        "progressdeadlineseconds",
        Called("`rollout = { deadline = \"10m\" }`, in [service.NAME]"),
    ),
    (
        "lifecycle prestop poststart",
        Called(
            "`drain` in [service.NAME.kubernetes], for which a pod goes on serving, or `pre_stop` and `post_start` there",
        ),
    ),
    (
        "revisionhistorylimit",
        Is(
            "what a rollback needs is kept by itself; `revision_history` in [service.NAME.kubernetes] is the cluster's own",
        ),
    ),
    // Marks.
    (
        "labels label podlabels commonlabels dockerlabels metadata",
        Called(
            "`tags`, in [service.NAME]: tags on AWS, annotations on Kubernetes, whose other labels are said by `patch` in [service.NAME.kubernetes]",
        ),
    ),
    (
        "annotations",
        Called(
            "`pod_annotations`, or `ingress = { annotations = { … } }`, in [service.NAME.kubernetes]",
        ),
    ),
    (
        "propagatetags enableecsmanagedtags",
        Is(
            "`tags` of a service go on it and on its task definition; on its tasks by `propagate_tags` and `managed_tags`, in [service.NAME.ecs]",
        ),
    ),
    (
        "volumes volume volumemounts mountpoints volumesfrom efs efsvolumeconfiguration persistence persistentvolumeclaim pvc storage emptydir",
        Called(
            "`volumes = { data = { scratch = true } }` and `mounts = { \"/data\" = \"data\" }`, in [service.NAME]",
        ),
    ),
    ("stateful statefulset", Is(STATEFUL)),
    (
        "configmap configmaps configs files config",
        Called(
            "`env_from`, or `volumes = { conf = { config = \"NAME\" } }`, in [service.NAME], on Kubernetes; `manifests` carries the object along",
        ),
    ),
    (
        "nodeselector affinity nodeaffinity podaffinity podantiaffinity tolerations topologyspreadconstraints priorityclassname schedulername runtimeclassname placementconstraints placementstrategy nodename availabilityzonerebalancing",
        Is(
            "tasks go wherever there is room, on instances of one's own as `placement` in [service.NAME.ecs] says; pods spread over zones and nodes (`spread`); `node_selector`, `affinity` and `tolerations` stand in [service.NAME.kubernetes], the rest in its `patch`",
        ),
    ),
    (
        "securitycontext podsecuritycontext runasuser runasgroup runasnonroot fsgroup capabilities capadd capdrop privileged seccompprofile allowprivilegeescalation securityopt dockersecurityoptions linuxparameters groupadd",
        Called(
            "`user = \"1000:1000\"` and `read_only_root = true`, `capabilities` and `privileged` in [service.NAME.ecs], `security` and `pod_security` in [service.NAME.kubernetes]",
        ),
    ),
    (
        "ulimits sysctls systemcontrols gpu gpus resourcerequirements devices pidmode ipcmode pid ipc tty stdinopen interactive pseudoterminal proxyconfiguration inferenceaccelerators hostpid hostipc shareprocessnamespace",
        Called(
            "`ulimits`, `system_controls`, `gpu`, `pid_mode`, `ipc_mode`, `interactive` and `tty`, in [service.NAME.ecs]; the rest is said by `patch` there or in [service.NAME.kubernetes], in the API's own spelling",
        ),
    ),
    (
        "job jobs cronjob cronjobs cron scheduledtask scheduledtasks migrate migrations hooks beforedeploy predeploy",
        Lacks(
            "only services that go on running are deployed here: run a job before, with `aws ecs run-task` or `kubectl create job`, or as a sidecar that the main container waits for",
        ),
    ),
    (
        "stepscaling predictivescaling",
        Is(
            "scaling follows what `scaling` aims at; on ECS `autoscaler = { policies = [ … ] }` in [service.NAME.ecs] takes policies in the API's own form",
        ),
    ),
    (
        "scheduledscaling scheduledactions schedule schedules",
        Is("on ECS `schedule` in `scaling` sets other bounds by the clock"),
    ),
    (
        "schedulingstrategy daemon daemonset",
        Is(
            "`scheduling = \"daemon\"` in [service.NAME.ecs], and `kind = \"DaemonSet\"` in [service.NAME.kubernetes], run one on each machine",
        ),
    ),
    (
        "manifests chart kustomize values helm apiversion kind",
        Is(
            "files here say what to run, not how a platform is told; `manifests = [\"k8s/*.yaml\"]`, in [service.NAME.kubernetes], carries other objects along",
        ),
    ),
    (
        "store externalsecrets secretstoreref clustersecretstore",
        Called("`secret_store`, in the target's file, config/NAME.toml"),
    ),
    (
        "profiles extends dependsonservices addons observability",
        Lacks("leave it out"),
    ),
];
