//! A place where a program waits until the test resumes it.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::wait::{LIMIT, until};

/// A port of this machine. A program that connects to it waits until its connection is closed.
/// The connection ends with its process, so the test sees that end as well. Neither side waits for a
/// time.
#[derive(Debug)]
pub struct Breakpoint {
    listener: TcpListener,
}

impl Breakpoint {
    /// A breakpoint.
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
    pub fn wait_step(&self) -> String {
        format!("wait {}", self.address())
    }

    /// The step of a program that leaves another one here, and goes on.
    ///
    /// # Panics
    /// When the port is not known.
    #[must_use]
    pub fn leave_step(&self) -> String {
        format!("leave {}", self.address())
    }

    /// Waits until a program is here. It resumes when the answer is dropped.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    #[must_use]
    pub fn reached(&self) -> Paused {
        Paused { connection: until("a program waits at the breakpoint", || self.accept()) }
    }

    fn accept(&self) -> Option<TcpStream> {
        let (connection, _) = self.listener.accept().ok()?;
        connection.set_nonblocking(false).expect("a connection that waits");
        Some(connection)
    }

    fn address(&self) -> String {
        self.listener.local_addr().expect("the breakpoint's address").to_string()
    }
}

impl Default for Breakpoint {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that waits at a breakpoint.
#[derive(Debug)]
pub struct Paused {
    connection: TcpStream,
}

impl Paused {
    /// Resumes the program.
    pub fn resume(self) {}

    /// Waits until its process has ended, which it does not do by itself.
    ///
    /// # Panics
    /// When it keeps waiting.
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
    pub fn assert_waits(&mut self) {
        self.connection.set_nonblocking(true).expect("a connection that can be looked at");
        let read = self.connection.read(&mut [0]);
        let stands = matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
        assert!(stands, "the program has ended: {read:?}");
        self.connection.set_nonblocking(false).expect("a connection that waits");
    }
}
