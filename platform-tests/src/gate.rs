//! A place where a program waits until the test lets it go on.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::wait::{LIMIT, until};

/// A port of this machine. A program that connects to it stands still until its connection is closed.
/// The connection ends with its process, so the test sees that end as well. Neither side waits for a
/// time.
#[derive(Debug)]
pub struct Gate {
    listener: TcpListener,
}

impl Gate {
    /// A closed gate.
    ///
    /// # Panics
    /// When the machine has no free port.
    #[must_use]
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that can be looked at");
        Self { listener }
    }

    /// The step of a program that waits here.
    ///
    /// # Panics
    /// When the port is not known.
    #[must_use]
    pub fn pass(&self) -> String {
        format!("wait {}", self.address())
    }

    /// The step of a program that leaves another one here, and goes on.
    ///
    /// # Panics
    /// When the port is not known.
    #[must_use]
    pub fn leave(&self) -> String {
        format!("leave {}", self.address())
    }

    /// Waits until a program stands here. It goes on when the answer is dropped.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    #[must_use]
    pub fn reached(&self) -> Held {
        Held { connection: until("a program stands at the gate", || self.accept()) }
    }

    fn accept(&self) -> Option<TcpStream> {
        let (connection, _) = self.listener.accept().ok()?;
        connection.set_nonblocking(false).expect("a connection that waits");
        Some(connection)
    }

    fn address(&self) -> String {
        self.listener.local_addr().expect("the gate's address").to_string()
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that stands at a gate.
#[derive(Debug)]
pub struct Held {
    connection: TcpStream,
}

impl Held {
    /// Lets it go on.
    pub fn let_go(self) {}

    /// Waits until its process has ended, which it does not do by itself.
    ///
    /// # Panics
    /// When it goes on standing there.
    #[track_caller]
    pub fn assert_ends(mut self) {
        self.connection.set_read_timeout(Some(LIMIT)).expect("a limit");
        match self.connection.read(&mut [0]) {
            // A process that is killed may leave its connection in either way.
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("the program goes on: {other:?}"),
        }
    }

    /// Fails if its process has ended.
    ///
    /// # Panics
    /// Then.
    #[track_caller]
    pub fn assert_stands(&mut self) {
        self.connection.set_nonblocking(true).expect("a connection that can be looked at");
        let read = self.connection.read(&mut [0]);
        let stands = matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
        assert!(stands, "the program has ended: {read:?}");
        self.connection.set_nonblocking(false).expect("a connection that waits");
    }
}
