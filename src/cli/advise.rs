//! `deployer advise`: ECS or EKS for the services of the files, and what each costs. No network.

use std::fmt::Write as _;

use serde_json::json;

use super::options::Output;
use super::site::{self, Site};
use super::{Cli, Screen};
use crate::advise::{Advice, Costs, advise};
use crate::error::ExitCode;

/// Tells which platform fits, and why.
pub(super) fn run(cli: &Cli, screen: &mut Screen) -> ExitCode {
    let sites = match site::load(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    let advices: Vec<(&Site, Advice)> = sites
        .iter()
        .map(|site| (site, advise(&site.spec, &site.said)))
        .collect();
    if cli.options.output == Output::Json {
        let mut each = advices.iter().map(|(site, advice)| {
            let mut document = json!(advice);
            document["target"] = json!(site.spec.target.name.to_string());
            document
        });
        let document = match advices.len() {
            1 => each.next().unwrap_or_default(),
            _ => each.collect(),
        };
        screen.document(&document);
        return ExitCode::Fine;
    }
    for (site, advice) in &advices {
        if advices.len() > 1 {
            screen.answer(&format!("{}:\n", site.spec.target.name));
        }
        screen.answer(&told(advice));
    }
    ExitCode::Fine
}

fn told(advice: &Advice) -> String {
    let mut text = format!("{}\n", advice.because);
    for need in advice.needs.iter().skip(1) {
        let _ = writeln!(text, "Also {}: `{}`: {}.", need.service, need.key, need.why);
    }
    text.push('\n');
    let mut row = |topic: &str, ecs: &str, eks: &str, said: &[String]| {
        let _ = writeln!(text, "{topic:<14}ECS   {ecs}");
        let _ = writeln!(text, "{:<14}EKS   {eks}", "");
        if !said.is_empty() {
            let _ = writeln!(text, "{:<14}here  {}", "", said.join(", "));
        }
    };
    for aspect in &advice.aspects {
        row(aspect.topic, aspect.ecs, aspect.eks, &aspect.said);
    }
    if let Some(costs) = &advice.costs {
        let of_it = format!(
            "{}, of it {} for the control plane",
            range(costs.eks),
            dollars(costs.control_plane)
        );
        row("a month", &range(costs.ecs), &of_it, &[]);
        text.push_str(&footnote(costs));
    }
    text
}

fn footnote(costs: &Costs) -> String {
    let region = if costs.another_region {
        format!(
            "{}, since those of your Region are not known here",
            costs.region
        )
    } else {
        costs.region.clone()
    };
    format!(
        "\nOn Fargate, by the list prices of {}, {}; without load balancers, traffic and logs.\n\
         FARGATE_SPOT of ECS is about 70 % less; nodes of EKS cost what EC2 does.\n",
        region, costs.as_of
    )
}

fn dollars(amount: f64) -> String {
    format!("${amount:.0}")
}

fn range((least, most): (f64, f64)) -> String {
    if (most - least).abs() < 0.5 {
        dollars(least)
    } else {
        format!("{} to {}", dollars(least), dollars(most))
    }
}
