//! The proxy that the environment names. One that can't be understood is not left out: whoever names a proxy doesn't want
//! requests to go past it.

use std::env;

use ureq::Proxy;

/// The variables, the first one that is set counts.
const VARIABLES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// The proxy for what isn't on this machine; none if no variable is set, and the variable if it holds no proxy's address.
pub(super) fn named() -> Result<Option<Proxy>, &'static str> {
    let set = VARIABLES.into_iter().find_map(|name| Some((name, env::var_os(name).filter(|value| !value.is_empty())?)));
    match set {
        Some((name, value)) if value.to_str().is_none_or(|text| Proxy::new(text).is_err()) => Err(name),
        // It heeds NO_PROXY as well.
        Some(_) => Ok(Proxy::try_from_env()),
        None => Ok(None),
    }
}

/// What is wrong with what the environment names. The value is not repeated: it may hold a password.
pub(crate) fn trouble() -> Option<String> {
    let name = named().err()?;
    Some(format!("{name} is set and holds no address of a proxy, so nothing was sent"))
}
