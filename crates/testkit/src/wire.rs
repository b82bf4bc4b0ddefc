//! A wire of the kernel's own between this machine and a network namespace on it, as two halls have one: cut, it loses what
//! is sent and tells nobody; slowed, bytes wait in a token bucket. A second wire, never touched, is for clients. Needs root.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use crate::line::Quality;

/// Where hosts listen for each other, and for clients.
const MOVES: u16 = 8443;
const CLIENTS: u16 = 8080;
/// Bytes that pass at once, and that wait, on a slow wire.
const BURST: &str = "16kb";
const WAITING: &str = "64kb";

/// A namespace with its two wires; gone when it is dropped.
#[derive(Debug)]
pub struct Wire {
    name: String,
    /// The first three bytes of the addresses.
    net: [u8; 3],
}

impl Wire {
    /// A namespace of this process, with whole wires.
    ///
    /// # Errors
    /// The kernel or `ip` refuses: most often because this is not root.
    pub fn lay() -> std::io::Result<Wire> {
        let id = std::process::id();
        let byte = |shift: u32| (id >> shift & 0xff) as u8;
        let wire = Wire { name: format!("alm{id}"), net: [10, 64 | byte(8) & 0x3f, byte(0)] };
        ip(&["netns", "add", &wire.name])?;
        wire.inside(&["link", "set", "lo", "up"])?;
        for (device, here) in [(wire.device('m'), 1), (wire.device('c'), 5)] {
            let far = ["peer", "name", &device, "netns", &wire.name];
            ip(&[&["link", "add", &device, "type", "veth"][..], &far].concat())?;
            let address = |last: u8| format!("{}/30", wire.address(last));
            ip(&["address", "add", &address(here), "dev", &device])?;
            wire.inside(&["address", "add", &address(here + 1), "dev", &device])?;
            ip(&["link", "set", &device, "up"])?;
            wire.inside(&["link", "set", &device, "up"])?;
        }
        Ok(wire)
    }

    /// Where the host on this machine listens for the one in the namespace.
    pub fn near(&self) -> SocketAddr {
        (self.address(1), MOVES).into()
    }

    /// Where the host in the namespace listens for the one on this machine.
    pub fn far(&self) -> SocketAddr {
        (self.address(2), MOVES).into()
    }

    /// Where the host in the namespace listens for clients on this machine.
    pub fn clients(&self) -> SocketAddr {
        (self.address(6), CLIENTS).into()
    }

    /// A command that runs this program in the namespace.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Changes how the wire between the hosts is, both ways. A bucket keeps no time: of a slow wire only the rate counts.
    ///
    /// # Errors
    /// The kernel or a tool refuses.
    pub fn set(&self, quality: Quality) -> std::io::Result<()> {
        let device = self.device('m');
        // The near end stays up, so that whoever sends over a wire that is cut learns nothing.
        self.inside(&["link", "set", &device, if quality == Quality::Cut { "down" } else { "up" }])?;
        let queue = match quality {
            // A queue in which there is no room.
            Quality::Stalled => "pfifo limit 0".to_owned(),
            Quality::Slow { rate, .. } => format!("tbf rate {rate}bps burst {BURST} limit {WAITING}"),
            Quality::Whole | Quality::Cut => String::new(),
        };
        let queue: Vec<&str> = queue.split_whitespace().collect();
        for at in [&["-n", self.name.as_str()][..], &[]] {
            if queue.is_empty() {
                // Most of the time there is none to take away.
                let _ = tool("tc", &[at, &["qdisc", "del", "dev", &device, "root"]].concat());
            } else {
                tool("tc", &[at, &["qdisc", "replace", "dev", &device, "root"], &queue].concat())?;
            }
        }
        Ok(())
    }

    fn inside(&self, arguments: &[&str]) -> std::io::Result<()> {
        ip(&[&["-n", self.name.as_str()], arguments].concat())
    }

    fn device(&self, of: char) -> String {
        format!("{}{of}", self.name)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(self.net[0], self.net[1], self.net[2], last)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The far ends go with the namespace, and the near ones with them.
        let _ = ip(&["netns", "del", &self.name]);
        for device in [self.device('m'), self.device('c')] {
            let _ = ip(&["link", "del", &device]);
        }
    }
}

fn ip(arguments: &[&str]) -> std::io::Result<()> {
    tool("ip", arguments)
}

fn tool(name: &str, arguments: &[&str]) -> std::io::Result<()> {
    let output = Command::new(name).args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(std::io::Error::other(format!("{name} {}: {} (network namespaces need root)", arguments.join(" "), why.trim())))
}
