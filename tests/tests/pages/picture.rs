//! `docs/pictures.md` is what the code draws.

#[test]
fn the_pictures_are_what_the_code_does() {
    let path = credlatch_tests::names::root().join("docs/pictures.md");
    let drawn = credlatch_tests::picture::picture_document();
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == drawn, "docs/pictures.md differs from what the code does; draw it anew with CREDLATCH_KEEP=1");
}
