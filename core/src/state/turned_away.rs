//! What an issuer answered that turned a request away, and not the token in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An answer that came before the issuer did anything with the token: to the client, to the request, or to whoever asks too
/// often. It is kept beside the entry, so that whoever comes later can name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// The HTTP status.
    pub status: u16,
    /// The OAuth error code, if the answer had one; never anything that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it says of that in its own words (RFC 6749, 5.2), if it said so; never anything that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl TurnedAway {
    /// Whether the same request may be taken later as it is: the issuer asks to be left alone for a while.
    pub fn passes(&self) -> bool {
        matches!(self.status, 429 | 503)
            || matches!(self.code.as_deref(), Some("temporarily_unavailable" | "slow_down"))
    }
}

impl fmt::Display for TurnedAway {
    /// The status, and the code if there is one: `400 invalid_client`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} {code}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: Option<&str>) -> TurnedAway {
        TurnedAway { status, code: code.map(str::to_owned), description: None }
    }

    #[test]
    fn it_is_told_by_its_status_and_code_and_kept_as_both() {
        for (status, code, told, stored) in [
            (400, Some("invalid_client"), "400 invalid_client", r#"{"status":400,"code":"invalid_client"}"#),
            (403, None, "403", r#"{"status":403}"#),
        ] {
            let answer = answer(status, code);
            assert_eq!(answer.to_string(), told);
            assert_eq!(serde_json::to_string(&answer).unwrap(), stored);
            assert_eq!(serde_json::from_str::<TurnedAway>(stored).unwrap(), answer);
        }
    }

    #[test]
    fn what_the_issuer_says_of_it_is_kept_and_may_be_missing() {
        let told = TurnedAway { description: Some("the client is disabled".to_owned()), ..answer(401, None) };
        let stored = r#"{"status":401,"description":"the client is disabled"}"#;
        assert_eq!(serde_json::to_string(&told).unwrap(), stored);
        assert_eq!(serde_json::from_str::<TurnedAway>(stored).unwrap(), told);
    }

    #[test]
    fn only_a_plea_for_patience_passes() {
        for (status, code) in
            [(429, None), (503, None), (400, Some("slow_down")), (400, Some("temporarily_unavailable"))]
        {
            assert!(answer(status, code).passes(), "{status} {code:?}");
        }
        for (status, code) in [(400, Some("invalid_client")), (401, None), (403, None), (404, None)] {
            assert!(!answer(status, code).passes(), "{status} {code:?}");
        }
    }
}
