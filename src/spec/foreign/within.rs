//! Words that mean something of their own within one table.

use super::Here::{Called, Is, Lacks};
use super::{CLUSTER_IP, ONE_NAME, Row};

/// What a word means within one table only, before anything else is thought of.
pub(super) const WITHIN: &[(&[&str], &[Row])] = &[
    (
        &["[service.NAME]"],
        &[
            (
                "essential",
                Is("the main container always is essential; only a sidecar can be otherwise"),
            ),
            (
                "name servicename",
                Called(
                    "the NAME in [service.NAME]; on the platform another one can be given by `service` in [service.NAME.ecs] and `name` in [service.NAME.kubernetes]",
                ),
            ),
            (
                "platform",
                Called(
                    "`architecture` for the processor (\"arm64\"); where a service runs stands in the target's file, config/NAME.toml",
                ),
            ),
        ],
    ),
    (
        &["[service.NAME.kubernetes]"],
        &[
            ("servicetype type", Is(CLUSTER_IP)),
            (
                "deployment",
                Called("[service.NAME.kubernetes] itself, and `name` for its name"),
            ),
            ("pdb", Called("`disruption`")),
        ],
    ),
    (
        &["health", "sidecar health"],
        &[(
            "headers httpheaders host scheme",
            Lacks(
                "a check asks by its path alone; `readiness` and its kin in [service.NAME.kubernetes] say more, or `command`",
            ),
        )],
    ),
    (
        &["a probe"],
        &[
            ("httpheaders", Called("`headers`")),
            ("argv", Called("`exec`")),
        ],
    ),
    (
        &["health", "sidecar health", "a probe"],
        &[
            ("httpget http", Called("`path`")),
            (
                "exec test cmd healthcommand",
                Called("`command`, one shell line"),
            ),
            (
                "tcpsocket tcp grpc",
                Called("a probe without a `path`: its `port` must be open"),
            ),
            (
                "failurethreshold unhealthythreshold unhealthycount",
                Called("`retries`"),
            ),
            (
                "successthreshold healthythreshold healthycount",
                Lacks(
                    "one success counts; `min_ready` in [service.NAME.kubernetes] says for how long it must last",
                ),
            ),
            ("timeoutseconds", Called("`timeout`, such as \"5s\"")),
        ],
    ),
    (
        &["health", "sidecar health"],
        &[
            (
                "periodseconds period intervalseconds",
                Called("`interval`, such as \"30s\""),
            ),
            (
                "startperiod initialdelayseconds graceperiod delay",
                Called("`grace`, such as \"60s\""),
            ),
        ],
    ),
    (
        &["a probe"],
        &[
            (
                "periodseconds interval intervalseconds",
                Called("`period`, such as \"5s\""),
            ),
            (
                "initialdelayseconds startperiod grace",
                Called("`delay`, such as \"10s\""),
            ),
        ],
    ),
    (
        &["ingress", "expose"],
        &[
            (
                "hosts hostname host domain alias certificate certificatearn public internal scheme",
                Called(ONE_NAME),
            ),
            ("ingressclassname ingressclass classname", Called("`class`")),
            ("paths pathprefix", Called("`path`, or `rules` for several")),
        ],
    ),
    (
        &["scaling"],
        &[
            (
                "mincapacity minreplicas minsize minimum mintasks",
                Called("`min`"),
            ),
            (
                "maxcapacity maxreplicas maxsize maximum maxtasks",
                Called("`max`"),
            ),
            (
                "cpupercentage targetcpu cpuutilization averageutilization targetvalue targetcpuutilizationpercentage",
                Called("`cpu`, in percent"),
            ),
            (
                "memorypercentage targetmemory memoryutilization targetmemoryutilizationpercentage",
                Called("`memory`, in percent"),
            ),
            (
                "requestcount requestspertarget albrequestcountpertarget",
                Called("`requests`"),
            ),
            (
                "cooldown stabilizationwindowseconds behavior",
                Called("`scale_in_cooldown` and `scale_out_cooldown`"),
            ),
            (
                "steps stepscaling schedule metrics queuedelay custommetric",
                Lacks(
                    "scaling follows `cpu`, `memory` or `requests`; where something else decides, write `replicas = \"external\"` and leave `scaling` out",
                ),
            ),
        ],
    ),
    (
        &["rollout"],
        &[
            (
                "timeout wait progressdeadlineseconds",
                Called("`deadline`, such as \"10m\""),
            ),
            (
                "circuitbreaker deploymentcircuitbreaker rollback",
                Called("`breaker = { rollback = true }`"),
            ),
            (
                "baketime baketimeinminutes observe",
                Called("`bake`, such as \"5m\""),
            ),
            (
                "alarms alarmnames deploymentalarms rollbackalarms",
                Called("`alarms`, in [service.NAME.ecs]"),
            ),
        ],
    ),
    (
        &["config/NAME.toml"],
        &[
            (
                "env environment variables",
                Called(
                    "`vars` for what `${NAME}` stands for, or `env` in [service.NAME] of this file",
                ),
            ),
            (
                "profile awsprofile rolearn assumerole role",
                Is(
                    "files name no credentials: set AWS_PROFILE, or log in as the role, before the command",
                ),
            ),
            (
                "subnets subnetids securitygroups securitygroupids assignpublicip publicip vpc vpcid",
                Called("`network = { subnets = […], security_groups = […], public_ip = false }`"),
            ),
            ("kubecontext kubeconfigcontext", Called("`context`")),
            ("kubeconfigpath", Called("`kubeconfig`")),
            ("type kind provider", Called("`platform`")),
        ],
    ),
    (
        &["network"],
        &[
            ("assignpublicip", Called("`public_ip = true`")),
            ("subnetids subnet", Called("`subnets`")),
            (
                "securitygroupids securitygroup",
                Called("`security_groups`"),
            ),
            ("vpc vpcid", Is("the subnets say which VPC it is")),
        ],
    ),
    (
        &["target_groups"],
        &[
            ("targetgrouparn", Called("`arn`")),
            ("containername", Called("`container`")),
            ("containerport", Called("`port`")),
        ],
    ),
    (
        &["capacity"],
        &[("capacityprovider name", Called("`provider`"))],
    ),
    (
        &["deploy.toml"],
        &[
            ("app application name", Called("`project`")),
            (
                "target targets",
                Called("a file of its own for each target, config/NAME.toml"),
            ),
            (
                "version include xdefaults defaults",
                Lacks(
                    "each service stands for itself; what is the same in several can be a variable, `${NAME}`, with a value in the target's `vars`",
                ),
            ),
        ],
    ),
];
