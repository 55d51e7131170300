//! The only source of chance: a small generator whose state is part of the world, so that the same
//! seed and the same requests give the same world.

use serde::{Deserialize, Serialize};

/// `SplitMix64`: one word of state, good enough to make identifiers look random.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed ^ 0x5DEE_CE66_D1CE_4E5B,
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; zero for an empty range.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        let bound = u64::try_from(bound).unwrap_or(0);
        if bound == 0 {
            return 0;
        }
        i64::try_from(self.next() % bound).unwrap_or(0)
    }

    /// The 32 hexadecimal digits of a task or container id.
    pub(crate) fn hex32(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// The 19 digits shared by a deployment (`ecs-svc/N`) and its service revision.
    pub(crate) fn digits19(&mut self) -> String {
        let wide = 1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000;
        wide.to_string()
    }

    /// The 21 letters and digits of a service deployment id.
    pub(crate) fn token21(&mut self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        let mut token = String::with_capacity(21);
        for _ in 0..21 {
            let letter = ALPHABET.get(usize::try_from(self.next() % 64).unwrap_or(0));
            token.push(char::from(letter.copied().unwrap_or(b'0')));
        }
        token
    }

    /// A lower-case UUID, as request ids and service events carry.
    pub(crate) fn uuid(&mut self) -> String {
        let mut text = self.hex32();
        for place in [20, 16, 12, 8] {
            text.insert(place, '-');
        }
        text
    }
}
