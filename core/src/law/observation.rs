//! The kinds of facts, so that each law can say which of them it judges, and each harness which of them it records.

use super::trace::{Deed, Fact, Trace};

/// A kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Each says in `Observation::name` what it is.
pub enum Observation {
    Step,
    Passed,
    PassBegan,
    PassEnded,
    ClearBegan,
    ClearEnded,
    Shown,
    Durable,
    Returned,
    Told,
    ReadBegan,
    ReadEnded,
    Held,
    LetGo,
    Drained,
    PromptRequested,
    PollBegan,
    PollEnded,
    Presented,
    PresentationEnded,
    CodeExchanged,
    Revoked,
    /// No law looks at it.
    OtherActEnded,
    Succession,
    WrittenDown,
    Came,
    Sent,
    Agreed,
    Withheld,
    Died,
    Rested,
    Planned,
    Chosen,
    DrawBegan,
    DrawEnded,
    Printed,
    Damaged,
    /// Where it stands, the history ends that some laws judge.
    BroughtBack,
    Refused,
    Stands,
    Sealed,
    Left,
    Forged,
    Opened,
    Unopened,
}

impl Observation {
    /// What is observed, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "a step of the machine",
            Self::Passed => "time passes",
            Self::PassBegan => "a pass begins",
            Self::PassEnded => "a pass ends",
            Self::ClearBegan => "a clear begins",
            Self::ClearEnded => "a clear ends",
            Self::Shown => "the store shows a commit",
            Self::Durable => "a commit is durable",
            Self::Returned => "a commit returns",
            Self::Told => "somebody is told what came of what it stores",
            Self::ReadBegan => "a read begins",
            Self::ReadEnded => "a read ends",
            Self::Held => "a version is held",
            Self::LetGo => "a version is let go",
            Self::Drained => "a drain ends",
            Self::PromptRequested => "a device code is requested",
            Self::PollBegan => "a poll begins",
            Self::PollEnded => "a poll ends",
            Self::Presented => "a refresh token is presented",
            Self::PresentationEnded => "a presentation ends",
            Self::CodeExchanged => "a code is exchanged",
            Self::Revoked => "a token is revoked",
            Self::OtherActEnded => "another act ends",
            Self::Succession => "a refresh token is replaced",
            Self::WrittenDown => "a grant is written down",
            Self::Came => "a grant comes from an origin",
            Self::Sent => "a grant is sent to an origin",
            Self::Agreed => "a person agrees to an origin",
            Self::Withheld => "a grant is withheld from an origin",
            Self::Died => "somebody dies",
            Self::Rested => "everything rests",
            Self::Planned => "an environment is planned",
            Self::Chosen => "an entry is chosen",
            Self::DrawBegan => "a request for a credential begins",
            Self::DrawEnded => "a request for a credential ends",
            Self::Printed => "a text leaves the program",
            Self::Damaged => "the document is damaged",
            Self::BroughtBack => "what was stored before is put back",
            Self::Refused => "an unreadable store is refused",
            Self::Stands => "one of two stores holds something new",
            Self::Sealed => "somebody with the key seals something",
            Self::Left => "a sealed store leaves something where others can read it",
            Self::Forged => "somebody without the key puts something in a sealed place",
            Self::Opened => "what is in a sealed place is opened",
            Self::Unopened => "what is in a sealed place can't be opened",
        }
    }
}

impl Fact {
    /// Its kind.
    pub fn kind(&self) -> Observation {
        match self {
            Self::Stepped(_) => Observation::Step,
            Self::Passed { .. } => Observation::Passed,
            Self::PassBegan { .. } => Observation::PassBegan,
            Self::PassEnded { .. } => Observation::PassEnded,
            Self::ClearBegan { .. } => Observation::ClearBegan,
            Self::ClearEnded { .. } => Observation::ClearEnded,
            Self::Shown { .. } => Observation::Shown,
            Self::Durable { .. } => Observation::Durable,
            Self::Returned { .. } => Observation::Returned,
            Self::Told { .. } => Observation::Told,
            Self::ReadBegan { .. } => Observation::ReadBegan,
            Self::ReadEnded { .. } => Observation::ReadEnded,
            Self::Held { holds: true, .. } => Observation::Held,
            Self::Held { holds: false, .. } => Observation::LetGo,
            Self::Drained { .. } => Observation::Drained,
            Self::ActBegan { deed, .. } => began(deed),
            Self::ActEnded { deed, .. } => ended(deed),
            Self::Succession { .. } => Observation::Succession,
            Self::WrittenDown { .. } => Observation::WrittenDown,
            Self::Came { .. } => Observation::Came,
            Self::Sent { .. } => Observation::Sent,
            Self::Agreed { .. } => Observation::Agreed,
            Self::Withheld { .. } => Observation::Withheld,
            Self::Died { .. } => Observation::Died,
            Self::Rested { .. } => Observation::Rested,
            Self::Planned { .. } => Observation::Planned,
            Self::Chosen { .. } => Observation::Chosen,
            Self::DrawBegan { .. } => Observation::DrawBegan,
            Self::DrawEnded { .. } => Observation::DrawEnded,
            Self::Printed { .. } => Observation::Printed,
            Self::Damaged => Observation::Damaged,
            Self::BroughtBack => Observation::BroughtBack,
            Self::Refused { .. } => Observation::Refused,
            Self::Stands { .. } => Observation::Stands,
            Self::Sealed { .. } => Observation::Sealed,
            Self::Left { .. } => Observation::Left,
            Self::Forged { .. } => Observation::Forged,
            Self::Opened { .. } => Observation::Opened,
            Self::Unopened { .. } => Observation::Unopened,
        }
    }
}

fn began(deed: &Deed) -> Observation {
    match deed {
        Deed::RequestPrompt { .. } => Observation::PromptRequested,
        Deed::Poll { .. } => Observation::PollBegan,
        Deed::Present { .. } => Observation::Presented,
        Deed::ExchangeCode { .. } => Observation::CodeExchanged,
        Deed::Revoke { .. } => Observation::Revoked,
    }
}

fn ended(deed: &Deed) -> Observation {
    match deed {
        Deed::Poll { .. } => Observation::PollEnded,
        Deed::Present { .. } => Observation::PresentationEnded,
        Deed::RequestPrompt { .. } | Deed::ExchangeCode { .. } | Deed::Revoke { .. } => Observation::OtherActEnded,
    }
}

impl Trace {
    /// The same, with facts of these kinds only.
    #[must_use]
    pub fn only(&self, kinds: &[Observation]) -> Self {
        Self(self.0.iter().filter(|fact| kinds.contains(&fact.kind())).cloned().collect())
    }
}
