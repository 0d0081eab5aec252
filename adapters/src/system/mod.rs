//! What the machine gives: locks, clocks, randomness and the identity of this process.

mod boot;
pub mod clock;
mod fake;
#[cfg(all(feature = "file", unix))]
#[doc(hidden)]
pub mod lockers;
#[cfg(all(feature = "file", unix))]
pub(crate) mod machine;
pub mod nonces;
pub mod process;
pub mod seam;
pub(crate) mod threads;

pub use clock::SystemClock;
pub use fake::FakeClock;
pub use nonces::SystemNonces;
pub use process::Process;
pub use seam::ParkingLot;
