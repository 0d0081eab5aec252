//! The order is stated in one table, and the table says what the code does.

use credlatch::core::pool::Strategy;

#[test]
fn the_guides_table_has_each_strategy_with_the_rule_that_doctor_shows() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/guide.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let rows: Vec<_> = guide.lines().filter(|line| line.starts_with("| whom `")).collect();
    assert_eq!(rows.len(), Strategy::ALL.len(), "{rows:?}");
    for (row, strategy) in rows.iter().zip(Strategy::ALL) {
        assert!(row.starts_with(&format!("| whom `{}` takes", strategy.as_str())), "{row}");
        assert!(row.ends_with(&format!(" | {} |", strategy.rule())), "{row}");
        assert_eq!(row.contains("unless you choose otherwise"), strategy == Strategy::default(), "{row}");
    }
}
