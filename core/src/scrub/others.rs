//! Tokens of houses that sell no models: code hosts, registries, payments. They look like credentials under any name, and
//! reach the child, which may need them.

use crate::provider::sniff;

/// Whether a text holds such a token.
pub(super) fn holds_a_token(text: &str) -> bool {
    sniff::begins_a_key(BEGINNINGS, text)
}

/// As their makers document them, so that scanners can find one that was lost.
#[rustfmt::skip]
const BEGINNINGS: &[&str] = &[
    // GitHub: a person's, an app's, a workflow's; they pay for models only under the names of its assistant.
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    // GitLab.
    "glpat-", "gldt-", "glrt-", "glptt-", "gloas-", "glcbt-",
    // Registries of packages and images.
    "npm_", "pypi-", "rubygems_", "dckr_pat_",
    // Slack.
    "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-",
    // Stripe.
    "sk_live_", "rk_live_", "sk_test_", "rk_test_",
    // Others.
    "dop_v1_", "hvs.", "lin_api_", "shpat_", "SG.", "GOCSPX-", "lsv2_", "sntrys_",
];
