//! A sealed home of two profiles, and what may become of it: somebody with the key stores something or writes an answer down, somebody
//! without it puts whatever is at hand in their places, and somebody looks, with the key, without it, or with another one.
//!
//! What is sealed and opened is what ships, over real files: the law is about the bytes that lie there.

mod chance;
mod world;
mod wrong;

pub use chance::histories;
use credlatch_core::law::Trace;
use world::World;
pub use world::{Right, Seals};
pub use wrong::{WRONG, WrongSeals};

/// The law that this is about.
pub const LAW: u8 = 20;

/// One of the two profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// One.
    Work,
    /// The other.
    Home,
}

impl Place {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Work, Self::Home];

    /// The profile's name.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Home => "home",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Work => Self::Home,
            Self::Home => Self::Work,
        }
    }
}

/// What somebody has who looks.
#[derive(Clone, Copy, Debug)]
pub enum Has {
    /// The key.
    Key,
    /// No key.
    Nothing,
    /// Another key.
    AnotherKey,
}

/// What somebody without the key puts in a place. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
pub enum Forgery {
    /// A document of the same profile in plain text.
    PlainText,
    /// What is in the place of the other profile.
    OtherProfile,
    /// A document of the same profile that was sealed with a key that nobody here has.
    StrangersKey,
    /// What was sealed for that place before.
    Older(usize),
    /// What everybody may read of what is there, beside what is sealed of an older one.
    OlderBody(usize),
    /// What is there, with one bit changed.
    Flipped(usize),
    /// What is there, cut short.
    Cut(usize),
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Move {
    /// Somebody with the key stores a key of a provider.
    Set(Place),
    /// Somebody with the key writes down what an issuer granted to this act.
    WriteAnswer(Place, u8),
    /// Somebody without the key puts that in the place of a document.
    Forge(Place, Forgery),
    /// Somebody without the key puts the answer to the second act in the place of that to the first one, or one in plain text.
    ForgeAnswer(u8, Option<u8>),
    /// Somebody looks at a document.
    Look(Place, Has),
    /// Somebody with the key looks at an answer.
    LookAtAnswer(Place, u8),
}

/// What is observed of a history.
pub fn play(seals: &dyn Seals, moves: &[Move]) -> Trace {
    let mut world = World::new(seals);
    for made in moves {
        world.make(*made);
        world.look_at_the_disk();
    }
    world.into_trace()
}
