//! Whole deployments against the embedded ECS, in virtual time and with the real SDK clients:
//! broken at every single request, and under everything that AWS leaves open.
//!
//! Each story is played once undisturbed. Then it is played again for every request that it sends,
//! with something going wrong at just that one. However it went, the verdict must be true of the
//! world, and the world must come out as if nothing had happened, or as it was before.

mod budget;
mod calls;
mod clocks;
mod doubt;
mod evidence;
mod judge;
mod others;
mod people;
mod records;
mod shifts;
mod stage;
mod story;
mod trips;
mod wire;
