//! The credential chains of the clouds. They grow with each release, so what is harmless is listed instead.

use super::harmless;

/// Whether a variable of this name, in capitals, belongs to the credential chain of a cloud, decides which of its accounts pays, or where it is asked.
pub(super) fn is_in_a_chain(name: &str) -> bool {
    let in_chain = CHAINS.iter().any(|chain| name.starts_with(chain)) || SINGLE.contains(&name);
    let is_place = PLACES.iter().any(|place| name.ends_with(place));
    in_chain && !is_place && !SETTINGS.contains(&name) && !harmless::is_a_familys(name)
}

/// Whether a text holds a key of a cloud: the id of an AWS access key, which has twenty capitals and digits, or a file of
/// Google's credentials.
pub(super) fn holds_a_key(text: &str) -> bool {
    let is_key_id = |word: &str| {
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        word.len() == 20 && ["AKIA", "ASIA"].iter().any(|begin| word.starts_with(begin)) && word.bytes().all(is_capital)
    };
    let holds = |words: [&str; 2]| words.iter().all(|word| text.contains(word));
    let is_googles =
        holds(["\"service_account\"", "\"private_key\""]) || holds(["\"authorized_user\"", "\"refresh_token\""]);
    is_googles || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_key_id)
}

const CHAINS: &[&str] = &[
    "AWS_",
    "AZURE_",
    "IDENTITY_",
    "MSI_",
    "GOOGLE_APPLICATION_",
    "GOOGLE_CLOUD_",
    "GOOGLE_EXTERNAL_ACCOUNT_",
    "GOOGLE_VERTEX_",
    "CLOUDSDK_AUTH_",
    "ALIBABA_CLOUD_",
    "HUAWEICLOUD_SDK_",
    "IBMCLOUD_",
    "OCI_CLI_",
    "OCI_RESOURCE_PRINCIPAL_",
    "TENCENTCLOUD_",
    "VOLC_",
];

const SINGLE: &[&str] = &[
    "BOTO_PATH",
    "CLOUD_ML_PROJECT_ID",
    "CLOUDSDK_CONTEXT_AWARE_CERTIFICATE_CONFIG_FILE_PATH",
    "DEFAULT_GOOGLE_APPLICATION_CREDENTIALS",
    "DEFAULT_VERTEXAI_PROJECT",
    "GCE_METADATA_MTLS_MODE",
    "GOOGLE_API_CERTIFICATE_CONFIG",
    "GOOGLE_CLIENT_EMAIL",
    "GOOGLE_GHA_CREDS_PATH",
    "GOOGLE_PRIVATE_KEY",
    "GOOGLE_PRIVATE_KEY_ID",
    "IMDS_ENDPOINT",
    "METADATA_SERVER_DETECTION",
    "SPIFFE_ENDPOINT_SOCKET",
    "BOTO_CONFIG",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_CORE_ACCOUNT",
    "CLOUDSDK_CORE_PROJECT",
    "GCE_METADATA_HOST",
    "GCE_METADATA_IP",
    "GCE_METADATA_ROOT",
    "GCLOUD_PROJECT",
    "GCP_PROJECT",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
];

const PLACES: &[&str] = &["REGION", "LOCATION", "ZONE"];

const SETTINGS: &[&str] = &[
    "AWS_CA_BUNDLE",
    "AWS_CLI_AUTO_PROMPT",
    "AWS_CLI_FILE_ENCODING",
    "AWS_DATA_PATH",
    "AWS_DEFAULTS_MODE",
    "AWS_DEFAULT_OUTPUT",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EXECUTION_ENV",
    "AWS_MAX_ATTEMPTS",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_PAGER",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_SDK_UA_APP_ID",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AZURE_CORE_COLLECT_TELEMETRY",
    "AZURE_CORE_NO_COLOR",
    "AZURE_CORE_ONLY_SHOW_ERRORS",
    "AZURE_CORE_OUTPUT",
    "AZURE_HTTP_USER_AGENT",
    "AZURE_LOG_LEVEL",
    "AZURE_SDK_TRACING_IMPLEMENTATION",
    "AZURE_TELEMETRY_DISABLED",
    "AZURE_TRACING_DISABLED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_cloud_is_seen_by_its_form() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "key=ASIAIOSFODNN7EXAMPLE;x",
            r#"{"type": "service_account", "private_key": "x"}"#,
            r#"{"refresh_token":"x","type":"authorized_user"}"#,
        ] {
            assert!(holds_a_key(text), "{text}");
        }
        for text in
            ["AKIA", "AKIAIOSFODNN7EXAMPLES", "akiaiosfodnn7example", "service_account", "arn:aws:iam::1:user/x"]
        {
            assert!(!holds_a_key(text), "{text}");
        }
    }

    #[test]
    fn the_chains_of_the_clouds_are_credentials_and_regions_are_not() {
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AZURE_CLIENT_SECRET",
            "AZURE_OPENAI_API_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_CLOUD_ACCESS_TOKEN",
            "GOOGLE_CLOUD_PROJECT",
            "IDENTITY_ENDPOINT",
            "MSI_SECRET",
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "HUAWEICLOUD_SDK_AK",
            "IBMCLOUD_API_KEY",
            "OCI_CLI_PROFILE",
            "TENCENTCLOUD_SECRET_ID",
            "VOLC_ACCESSKEY",
        ] {
            assert!(is_in_a_chain(name), "{name}");
        }
        for name in [
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AZURE_REGION",
            "GOOGLE_CLOUD_LOCATION",
            "OCI_CLI_REGION",
            "OCI_LIB64",
            "AWS_PAGER",
            "PATH",
            "JAWS_X",
        ] {
            assert!(!is_in_a_chain(name), "{name}");
        }
    }
}
