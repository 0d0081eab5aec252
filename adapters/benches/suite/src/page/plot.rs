//! One picture of how costs grow, both axes logarithmic: a straight line is a power, and its slope the exponent.

use std::ops::Range;

use plotters::prelude::*;

use super::growth::Curve;
use super::table::amount;
use crate::Failure;
use crate::figures::{exponent, points};
use crate::row::Row;

const SIZE: (u32, u32) = (640, 360);
const COLOURS: [RGBColor; 3] = [RGBColor(120, 120, 120), RGBColor(0, 90, 170), RGBColor(200, 80, 0)];

/// The picture as SVG; none where there are too few points for a line.
pub fn picture(rows: &[Row], curve: &Curve) -> Result<Option<String>, Failure> {
    let lines: Vec<(&str, Vec<(f64, f64)>)> = curve
        .cases
        .iter()
        .map(|case| (*case, points(rows, curve.group, case)))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area, curve, &lines)?;
        area.present()?;
    }
    Ok(Some(svg))
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    curve: &Curve,
    lines: &[(&str, Vec<(f64, f64)>)],
) -> Result<(), Failure> {
    let every = || lines.iter().flat_map(|(_, points)| points);
    let sizes = range(every().map(|point| point.0));
    let costs = range(every().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .caption(curve.group, ("sans-serif", 15))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(
            (sizes.start * 0.9..sizes.end * 1.1).log_scale(),
            // Room above for the names of the lines.
            (costs.start * 0.7..costs.end * 4.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_labels(6)
        .y_labels(6)
        .x_desc(curve.over)
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|ns| amount(*ns, "ns"))
        .draw()?;
    for ((case, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let name = format!("{case} (exponent {:.2})", exponent(points));
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).background_style(WHITE).draw()?;
    Ok(())
}

fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    values.fold(f64::INFINITY..0.0, |range, value| range.start.min(value)..range.end.max(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::growth::CURVES;

    #[test]
    fn a_curve_is_drawn_with_its_exponent_and_not_of_a_single_point() {
        let curve = &CURVES[2];
        let row = |size: usize| Row {
            group: curve.group.into(),
            case: curve.cases[0].into(),
            size,
            rounds: vec![vec![size as f64 * 3.0]],
            ..Row::default()
        };
        let svg = picture(&[row(1), row(2), row(4)], curve).unwrap().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("(exponent 1.00)"), "{svg}");
        assert!(picture(&[row(1)], curve).unwrap().is_none());
    }
}
