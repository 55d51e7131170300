//! What the integration tests and the benches stand on: servers, a proxy between a program and a server, the real
//! binary in a directory of its own, and waiting that ends.
//!
//! * [`servers`] starts other people's AWS on loopback (`servers/servers.sh`) and says what a machine forbids.
//! * [`cluster`] is a real Kubernetes control plane (`control-plane/`) with simulated pods, or with a real node.
//! * [`proxy`] logs every request on its way, and delays, refuses or loses it where told to.
//! * [`project`] is a directory with a `deploy.toml` and its targets; [`program`] runs the binary in it.
//! * [`terminal`] is a terminal that the program draws on, and what it shows.
//! * [`sandbox`] is the binary serving its embedded cloud to anybody's client.
//! * [`schema`] says whether what the program wrote is as its own schema describes it.
//! * [`aws`] speaks to a server without an SDK, to look at the world and to play the part of somebody else.
//! * [`trial`] is what a test returns, and [`host`] the only place that reads a clock or the environment.
//! * [`timing`] measures what the benches print.
//!
//! The library never links the program under test: it only runs it.

pub mod aws;
pub mod cluster;
pub mod host;
pub mod http;
pub mod program;
pub mod project;
pub mod proxy;
pub mod sandbox;
pub mod schema;
pub mod servers;
pub mod terminal;
pub mod timing;
pub mod trial;
