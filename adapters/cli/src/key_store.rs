//! The system's key store for keys of seals: the Secret Service, which GNOME Keyring, KWallet and KeePassXC are.

#[cfg(all(feature = "secret-service", target_os = "linux"))]
pub(crate) use secret_service::bring;

/// There is none in this build.
#[cfg(not(all(feature = "secret-service", target_os = "linux")))]
pub(crate) fn bring(builder: credlatch::Builder) -> credlatch::Builder {
    builder
}

#[cfg(all(feature = "secret-service", target_os = "linux"))]
mod secret_service {
    use std::any::Any;
    use std::collections::HashMap;
    use std::sync::Arc;

    use credlatch::Builder;
    use dbus_secret_service_keyring_store::Store;
    use keyring_core::api::CredentialStoreApi;
    use keyring_core::{Entry, Result};

    /// Gives the builder the Secret Service.
    pub(crate) fn bring(builder: Builder) -> Builder {
        builder.key_store(Arc::new(SecretService))
    }

    /// The Secret Service of the session. Nothing is connected to it before a key is asked for.
    #[derive(Debug)]
    struct SecretService;

    impl CredentialStoreApi for SecretService {
        fn vendor(&self) -> String {
            "the Secret Service, when it is asked".to_owned()
        }

        fn id(&self) -> String {
            self.vendor()
        }

        fn build(&self, service: &str, user: &str, modifiers: Option<&HashMap<&str, &str>>) -> Result<Entry> {
            Store::new()?.build(service, user, modifiers)
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }
}
