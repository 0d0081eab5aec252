//! What the engine asks of its ports, and in which order: in a world that does as a test says.

mod answers;
mod clears;
mod groups;
mod joins;
mod logins;
mod moved;
mod moves;
mod origins;
mod reads;
mod rig;
mod rotations;
mod saves;
mod script;
mod settled;
mod signs;
mod time;
mod tokens;
