//! Connections in memory: what a link's task reads from and writes to in place of a socket.

use std::fmt;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use takt_plc_bridge::modbus::Dial;
use takt_sim::SimFloor;
use takt_sim::serve::frames::Frame;
use takt_sim::serve::unit::Unit;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

use super::Said;
use super::wire::{Dialled, Wire};

/// Addresses of servers in memory count up from here; they lead nowhere else.
const FIRST: u32 = Ipv4Addr::new(127, 1, 0, 0).to_bits();
/// The port of Modbus TCP.
const PORT: u16 = 502;

/// The address of the server at the end of link `index`.
pub(super) fn address(index: usize) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from_bits(FIRST + index as u32), PORT))
}

fn index(address: SocketAddr) -> Option<usize> {
    match address {
        SocketAddr::V4(v4) => Some(v4.ip().to_bits().checked_sub(FIRST)? as usize),
        SocketAddr::V6(_) => None,
    }
}

/// The other end of all connections: wires and servers, and the floor that servers read and write.
pub(super) struct Field {
    /// The floor, while links run; at other times a stand-in.
    pub(super) sim: SimFloor,
    pub(super) ends: Vec<End>,
    /// What links said.
    pub(super) said: Vec<Said>,
    /// Time 0 of the rehearsal.
    pub(super) origin: Instant,
}

/// Wire and server of one link.
pub(super) struct End {
    pub(super) wire: Wire<Frame>,
    pub(super) unit: Unit,
    /// Who waits for an answer.
    pub(super) reader: Option<Waker>,
}

/// The field, shared by links that all run on one thread.
#[derive(Clone)]
pub(super) struct SharedField(Arc<Mutex<Field>>);

impl SharedField {
    pub(super) fn new(field: Field) -> Self {
        Self(Arc::new(Mutex::new(field)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Field> {
        // Poisoned is what a task that panicked leaves; its link says that it is dead, and the others go on.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Field {
    /// Milliseconds of the rehearsal. To be asked on the links' runtime.
    pub(super) fn now_ms(&self) -> u64 {
        Instant::now().duration_since(self.origin).as_millis() as u64
    }

    /// Lets everything arrive on a link that is due at `now_ms`; true if there was something.
    pub(super) fn deliver(&mut self, index: usize, now_ms: u64) -> bool {
        let Self { sim, ends, .. } = self;
        let End { wire, unit, reader } = &mut ends[index];
        let mut any = false;
        while wire.deliver(now_ms, &mut |request| unit.answer_frame(sim, request)) {
            any = true;
        }
        if any && let Some(reader) = reader.take() {
            reader.wake();
        }
        any
    }

    /// Sends a request at `now_ms`.
    fn send(&mut self, index: usize, request: Frame) {
        let now_ms = match self.ends[index].wire.is_quick() {
            true => 0,
            false => self.now_ms(),
        };
        let Self { sim, ends, .. } = self;
        let End { wire, unit, .. } = &mut ends[index];
        wire.send(now_ms, request, &mut |request| {
            unit.answer_frame(sim, request)
        });
    }
}

/// Connects in memory.
#[derive(Clone)]
pub(super) struct Dialer(pub(super) SharedField);

impl Dial for Dialer {
    type Stream = Stream;

    async fn dial(&self, address: SocketAddr) -> io::Result<Stream> {
        let refused = || io::Error::from(ErrorKind::ConnectionRefused);
        let index = index(address).ok_or_else(refused)?;
        let dialled = |field: &SharedField| match field.lock().ends.get_mut(index) {
            Some(end) => end.wire.dial(),
            None => Dialled::Refused,
        };
        let mut answer = dialled(&self.0);
        if let Dialled::After(ms @ 1..) = answer {
            sleep(Duration::from_millis(ms)).await;
            answer = dialled(&self.0);
        }
        match answer {
            Dialled::Refused => Err(refused()),
            Dialled::Silence => pending().await,
            Dialled::After(_) => Ok(Stream {
                connection: self.0.lock().ends[index].wire.connect(),
                field: self.0.clone(),
                index,
                begun: Vec::new(),
                read: 0,
            }),
        }
    }
}

/// One connection.
pub(super) struct Stream {
    field: SharedField,
    index: usize,
    connection: u64,
    /// Bytes written that are no whole frame yet.
    begun: Vec<u8>,
    /// Bytes of the first answer that were read already.
    read: usize,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} of link {}", self.connection, self.index)
    }
}

impl AsyncWrite for Stream {
    /// Takes all, and sends what of it is whole frames.
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut field = this.field.lock();
        if field.ends[this.index].wire.is_broken(this.connection) {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let frame = Frame::cut(bytes).filter(|frame| frame.bytes().len() == bytes.len());
        if let Some(frame) = frame.filter(|_| this.begun.is_empty()) {
            field.send(this.index, frame);
            return Poll::Ready(Ok(bytes.len()));
        }
        this.begun.extend_from_slice(bytes);
        while let Some(frame) = Frame::cut(&this.begun) {
            this.begun.drain(..frame.bytes().len());
            field.send(this.index, frame);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    /// Gives all answers that have arrived, as far as there is room.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut field = this.field.lock();
        let end = &mut field.ends[this.index];
        if end.wire.is_broken(this.connection) {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let before = buffer.filled().len();
        while buffer.remaining() > 0
            && let Some(answer) = end.wire.peek()
        {
            let rest = &answer.bytes()[this.read..];
            let now = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..now]);
            this.read += now;
            if now == rest.len() {
                this.read = 0;
                end.wire.take();
            }
        }
        if buffer.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        end.reader = Some(context.waker().clone());
        Poll::Pending
    }
}
