//! What is left of a task definition or service when everything that the file format has words
//! for is taken away. Pure.

use aws_sdk_ecs::types as ecs;

use super::left::{Left, sorted};
use crate::platform::ecs::settings::container::left_over;
use crate::platform::ecs::settings::sdk::primary;

/// What is left, by path: `volumes`, `containers.api.mountPoints`. The value is for comparing.
pub fn of_definition(definition: &ecs::TaskDefinition) -> Vec<(String, String)> {
    let mut left = Left::default();
    left.list("volumes", definition.volumes());
    left.list("placementConstraints", definition.placement_constraints());
    left.list("inferenceAccelerators", definition.inference_accelerators());
    // Emulators tell an empty word where AWS tells nothing.
    let pid_mode = definition.pid_mode.as_ref();
    left.some("pidMode", pid_mode.filter(|mode| !mode.as_str().is_empty()));
    let ipc_mode = definition.ipc_mode.as_ref();
    left.some("ipcMode", ipc_mode.filter(|mode| !mode.as_str().is_empty()));
    left.some(
        "proxyConfiguration",
        definition.proxy_configuration.as_ref(),
    );
    left.flag("enableFaultInjection", definition.enable_fault_injection);
    for container in definition.container_definitions() {
        left.at = format!("containers.{}.", container.name.as_deref().unwrap_or("?"));
        of_container(&mut left, container);
    }
    left.found
}

/// What a service has beyond our words, in a few words each.
pub fn of_service(service: &ecs::Service) -> Vec<String> {
    let mut left = Left::default();
    left.list("serviceRegistries", service.service_registries());
    left.list("placementConstraints", service.placement_constraints());
    left.list("placementStrategy", service.placement_strategy());
    if let Some(primary) = primary(service) {
        let connect = primary
            .service_connect_configuration
            .as_ref()
            .filter(|connect| connect.enabled);
        left.some("serviceConnectConfiguration", connect);
        left.list("volumeConfigurations", primary.volume_configurations());
        left.list(
            "vpcLatticeConfigurations",
            primary.vpc_lattice_configurations(),
        );
    }
    if let Some(deployment) = &service.deployment_configuration {
        let strategy = deployment
            .strategy
            .as_ref()
            .filter(|strategy| **strategy != ecs::DeploymentStrategy::Rolling);
        left.some("deploymentConfiguration.strategy", strategy);
        left.list(
            "deploymentConfiguration.lifecycleHooks",
            deployment.lifecycle_hooks(),
        );
    }
    let propagated = service
        .propagate_tags
        .as_ref()
        .filter(|from| **from != ecs::PropagateTags::None);
    left.some("propagateTags", propagated);
    left.flag(
        "enableECSManagedTags",
        Some(service.enable_ecs_managed_tags),
    );
    left.found.into_iter().map(|(path, _)| path).collect()
}

fn of_container(left: &mut Left, container: &ecs::ContainerDefinition) {
    left.some(
        "repositoryCredentials",
        container.repository_credentials.as_ref(),
    );
    left.some("memoryReservation", container.memory_reservation.as_ref());
    left.list("links", container.links());
    left.some("restartPolicy", container.restart_policy.as_ref());
    left.list("environmentFiles", container.environment_files());
    left.list("mountPoints", container.mount_points());
    left.list("volumesFrom", container.volumes_from());
    left.some("linuxParameters", linux(container));
    left.some("startTimeout", container.start_timeout.as_ref());
    let pinned = container
        .version_consistency
        .as_ref()
        .filter(|word| **word != ecs::VersionConsistency::Enabled);
    left.some("versionConsistency", pinned);
    left.some("hostname", container.hostname.as_ref());
    left.flag("disableNetworking", container.disable_networking);
    left.flag("privileged", container.privileged);
    left.flag("interactive", container.interactive);
    left.flag("pseudoTerminal", container.pseudo_terminal);
    left.list("dnsServers", container.dns_servers());
    left.list("dnsSearchDomains", container.dns_search_domains());
    left.list("extraHosts", container.extra_hosts());
    left.list("dockerSecurityOptions", container.docker_security_options());
    let labels = container.docker_labels.as_ref().map(sorted);
    left.list("dockerLabels", &labels.unwrap_or_default());
    left.list("ulimits", container.ulimits());
    left.list("systemControls", container.system_controls());
    left.list("resourceRequirements", container.resource_requirements());
    let firelens = container.firelens_configuration.as_ref().map(|firelens| {
        let options = firelens.options.as_ref().map(sorted);
        (firelens.r#type.clone(), options)
    });
    left.some("firelensConfiguration", firelens.as_ref());
    left.list("credentialSpecs", container.credential_specs());
    left_over(container, left);
}

/// Empty linux parameters are none.
fn linux(container: &ecs::ContainerDefinition) -> Option<&ecs::LinuxParameters> {
    let empty = |linux: &ecs::LinuxParameters| {
        linux.devices().is_empty()
            && linux.tmpfs().is_empty()
            && linux.init_process_enabled != Some(true)
            && linux.shared_memory_size.is_none()
            && linux.max_swap.is_none()
            && linux.swappiness.is_none()
            && linux
                .capabilities
                .as_ref()
                .is_none_or(|all| all.add().is_empty() && all.drop().is_empty())
    };
    container
        .linux_parameters
        .as_ref()
        .filter(|linux| !empty(linux))
}
