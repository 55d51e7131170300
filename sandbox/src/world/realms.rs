//! Accounts and regions: what is made in one is not there in another.

use std::collections::btree_map::Entry;

use super::World;

/// The services whose ARNs a world makes itself.
const OWN: [&str; 4] = [
    "ecs",
    "application-autoscaling",
    "autoscaling",
    "cloudwatch",
];

impl World {
    /// The part of the cloud that a request concerns. The first request says where what was there
    /// before it is; any other account or region begins empty.
    pub(crate) fn realm(&mut self, account: Option<&str>, region: Option<&str>) -> &mut Self {
        let Some(region) = region else {
            return self;
        };
        let account = account.unwrap_or(&self.account).to_owned();
        if !self.claimed {
            self.settle(&account, region);
        }
        if self.account == account && self.region == region {
            return self;
        }
        let seed = self.rng.clone().next();
        match self.elsewhere.entry(format!("{account}/{region}")) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let now = jiff::Timestamp::from_millisecond(self.now);
                let mut other = Self::new(seed, now.unwrap_or_default());
                other.account = account;
                region.clone_into(&mut other.region);
                other.claimed = true;
                other.started = self.started;
                other.timings = self.timings.clone();
                other.switches = self.switches.clone();
                other.images.clone_from(&self.images);
                other.faults.clone_from(&self.faults);
                other.eks.clone_from(&self.eks);
                other.missing.clone_from(&self.missing);
                place.insert(other)
            }
        }
    }

    /// Moves everything to this account and region.
    fn settle(&mut self, account: &str, region: &str) {
        let (from_region, from_account) = (self.region.clone(), self.account.clone());
        let bare = self.families.is_empty() && self.services.is_empty();
        let moves = from_region != region || from_account != account;
        if moves
            && !bare
            && let Ok(mut text) = serde_json::to_string(self)
        {
            for service in OWN {
                text = text.replace(
                    &format!("arn:aws:{service}:{from_region}:{from_account}:"),
                    &format!("arn:aws:{service}:{region}:{account}:"),
                );
            }
            if let Ok(moved) = serde_json::from_str(&text) {
                *self = moved;
            }
        }
        account.clone_into(&mut self.account);
        region.clone_into(&mut self.region);
        self.claimed = true;
    }
}
