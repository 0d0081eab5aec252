//! The proxy that the environment names. One that can't be understood is not left out: whoever names a proxy doesn't want
//! requests to go past it.

use std::env;

use credlatch_core::provider::Url;
use ureq::Proxy;

use super::no_proxy;

/// The variables, the first one that is set counts.
const VARIABLES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// Those that name the hosts to which no proxy leads; the first one that is set counts.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy, and the variable that names it.
pub(super) struct Named {
    pub(super) variable: &'static str,
    pub(super) proxy: Proxy,
}

/// The proxy for a host that isn't on this machine; none if no variable is set or the host is an exception, and the variable
/// if it holds no proxy's address.
pub(super) fn named(url: &Url<'_>) -> Result<Option<Named>, &'static str> {
    let Some((variable, value)) = first(&VARIABLES) else { return Ok(None) };
    let port = url.port.unwrap_or(if url.https { 443 } else { 80 });
    if first(&EXCEPTIONS).is_some_and(|(_, list)| no_proxy::means(&list, url.host, port)) {
        return Ok(None);
    }
    match Proxy::new(&value) {
        Ok(proxy) => Ok(Some(Named { variable, proxy })),
        Err(_) => Err(variable),
    }
}

/// Where the proxy is that the environment names, and by which variable. A value that is no address is not repeated: it may
/// hold a password.
pub(crate) fn named_by_the_environment() -> Option<(String, &'static str)> {
    let (variable, value) = first(&VARIABLES)?;
    let host = Proxy::new(&value).map_or_else(|_| String::new(), |proxy| format!("{}:{}", proxy.host(), proxy.port()));
    Some((host, variable))
}

fn first(names: &[&'static str]) -> Option<(&'static str, String)> {
    let set = |name| Some((name, env::var_os(name).filter(|value| !value.is_empty())?.to_string_lossy().into_owned()));
    names.iter().find_map(|name| set(*name))
}
