//! Rights that a deploy can do without: each one that is missing costs its own piece of evidence, which is named, and
//! never the verdict.

use integration_tests::project::{Project, unique};
use integration_tests::proxy::{Fault, Kind, Proxy};
use integration_tests::sandbox;
use integration_tests::trial::{Outcome, Trial, test};

use crate::shop::{assert_verdict, deploy};

/// What is read but not needed by a service without scaling.
const OPTIONAL: [&str; 8] = [
    "ListServiceDeployments",
    "DescribeServiceDeployments",
    "ListTasks",
    "DescribeTasks",
    "DescribeTargetHealth",
    "GetLogEvents",
    "DescribeScalableTargets",
    "DescribeScalingPolicies",
];

pub(crate) fn trials() -> Vec<Trial> {
    let one = |right: &'static str| {
        let name = format!("a_deploy_without_{right}");
        test("rights", &name, move || deploys_without(&[right]))
    };
    let mut trials: Vec<_> = OPTIONAL.into_iter().map(one).collect();
    trials.push(test("rights", "a_deploy_without_any_of_them", || {
        // The rest is not asked for: who may not list has nothing to describe.
        deploys_without(&[
            "ListServiceDeployments",
            "ListTasks",
            "DescribeTargetHealth",
        ])
    }));
    trials.push(test(
        "rights",
        "scaling_that_may_not_be_read_is_not_guessed",
        scaling_unread,
    ));
    trials
}

/// A service whose failures leave every kind of evidence.
fn project(proxy: &Proxy, cluster: &str, extra: &str) -> Outcome<Project> {
    let ecs = "log_group      = \"/ecs/api\"\n\
               target_group   = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef\"\n";
    let project = Project::new(&(deploy(&unique("api"), extra) + ecs))?;
    project.ecs_target("bench", &proxy.url, cluster)?;
    Ok(project)
}

fn deploys_without(rights: &[&str]) -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    for right in rights {
        proxy.inject(Fault::always(Kind::Deny, right));
    }
    let project = project(&proxy, "main", "")?;
    let apply = "apply --yes --target bench --output json";
    let first = project.run(&format!("{apply} --set TAG=v1"))?;
    assert_verdict(&first, "healthy", None, 0)?;
    let second = project.run(&format!("{apply} --set TAG=crash"))?;
    assert_verdict(&second, "tripped", Some(true), 10)?;
    for right in rights {
        assert!(second.says(right), "{right} is not named\n{second}");
    }
    let again = project.run(&format!("{apply} --set TAG=v1"))?;
    assert_verdict(&again, "unchanged", None, 0)
}

fn scaling_unread() -> Outcome {
    unread("DescribeScalableTargets", "cpu = 70")?;
    let nights = r#"schedule = [{ name = "night", at = "cron(0 22 * * ? *)", min = 1, max = 2 }]"#;
    unread("DescribeScheduledActions", nights)
}

fn unread(right: &str, scaling: &str) -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    proxy.inject(Fault::always(Kind::Deny, right));
    let scaling = format!("scaling  = {{ min = 2, max = 20, {scaling} }}");
    let project = project(&proxy, "main", &scaling)?;
    let done = project.run("apply --yes --target bench --output json")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert!(done.says(right), "{done}");
    assert_eq!(proxy.writes(), Vec::<String>::new(), "{done}");
    Ok(())
}
