"""The certificate as PDF: what certificate.html shows, on one A4 page."""

from pathlib import Path

from django.utils.formats import date_format
from fpdf import FPDF
from fpdf.fonts import FontFace

from instruments.reading import interval_label

# Part of DejaVu Sans Condensed: names need more letters than PDF's own fonts have.
FONTS = Path(__file__).parent / "fonts"
FAMILY = "DejaVu"

MARGIN = 18
LEFT_WIDTH = 116
RIGHT_WIDTH = 50
LINE = 4.4
STRONG = FontFace(emphasis="BOLD")


def certificate_pdf(calibration, link):
    """Return the PDF of a stored calibration; `link` is its public verification."""
    pdf = FPDF(format="A4")
    pdf.add_font(FAMILY, "", FONTS / "DejaVuSansCondensed.ttf")
    pdf.add_font(FAMILY, "B", FONTS / "DejaVuSansCondensed-Bold.ttf")
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.set_auto_page_break(True, margin=14)
    pdf.set_lang("en-GB")
    pdf.set_title(f"Certificate of staff {calibration.staff_number}")
    pdf.set_creation_date(calibration.submitted_at)
    pdf.add_page()
    pdf.set_font(FAMILY, "B", 17)
    pdf.cell(0, 9, "Calibration of a levelling staff", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)
    _facts(pdf, calibration)
    _notes(pdf, calibration)
    top = pdf.get_y()
    # The short table first: the long one may go on to a second page.
    _temperature_table(pdf, calibration)
    pdf.set_xy(MARGIN, top)
    _observation_table(pdf, calibration)
    _verification(pdf, link)
    return bytes(pdf.output())


def _facts(pdf, calibration):
    facts = [
        ("Certificate", str(calibration.pk)),
        ("Range", "21 steel pins, intervals 1-2 to 20-21"),
        ("Observed", date_format(calibration.date)),
        ("Mean temperature", f"{calibration.mean_temperature:.1f} °C"),
        (
            "Staff",
            f"{calibration.staff_number}, {calibration.staff_type}, "
            f"{calibration.staff_length:g} m",
        ),
        ("Owner", calibration.owner_name),
        ("Level", calibration.level_name),
        ("Observer", calibration.observer),
        (
            "Factor",
            f"{calibration.standard_factor:.6f} at "
            f"{calibration.standard_temperature:g} °C",
        ),
        (
            "Graduation uncertainty",
            f"{calibration.graduation_uncertainty:.5f} m (95 %)",
        ),
    ]
    for name, value in facts:
        pdf.set_font(FAMILY, "B", 9)
        pdf.cell(42, 5, name)
        pdf.set_font(FAMILY, "", 9)
        pdf.multi_cell(0, 5, value, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)


def _notes(pdf, calibration):
    unit_temperature = calibration.thermal_factor.unit_temperature
    notes = [
        f"Use: true height difference = {calibration.standard_factor:.6f} × "
        f"(1 + {calibration.thermal_coefficient:g}·10⁻⁶ × (t − "
        f"{calibration.standard_temperature:g} °C)) × height difference read, with the "
        "temperature t of the staff.",
        f"k(t) = {calibration.factor:.6f} × (1 + {calibration.thermal_coefficient:g}"
        f"·10⁻⁶ × (t − {calibration.mean_temperature:.1f} °C))."
        + (
            ""
            if unit_temperature is None
            else f" The factor is 1 at {unit_temperature:.1f} °C."
        ),
        "This certificate holds for the day of the test.",
    ]
    pdf.set_font(FAMILY, "", 9)
    for note in notes:
        pdf.multi_cell(0, 4.6, note, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


def _table(pdf, head, rows, width, align, columns):
    pdf.set_font(FAMILY, "", 8)
    with pdf.table(
        [head, *rows],
        width=width,
        align=align,
        col_widths=columns,
        line_height=LINE,
        text_align="RIGHT",
        borders_layout="HORIZONTAL_LINES",
        headings_style=STRONG,
    ):
        pass


def _temperature_table(pdf, calibration):
    rows = [
        (f"{row.temperature}", f"{row.factor:.6f}", f"{row.correction:.2f}")
        for row in calibration.thermal_factor.table
    ]
    _table(pdf, ("t [°C]", "k(t)", "mm/m"), rows, RIGHT_WIDTH, "RIGHT", (14, 20, 16))


def _observation_table(pdf, calibration):
    rows = [
        (
            f"{row.run}",
            interval_label(row.difference.interval),
            f"{row.difference.start:.5f}",
            f"{row.difference.end:.5f}",
            f"{row.known:.5f}",
            f"{row.measured:.5f}",
            f"{row.correction:.5f}",
        )
        for row in calibration.observations()
    ]
    head = ("Set", "Pins", "From", "To", "Known", "Measured", "Correction")
    columns = (10, 14, 17, 17, 18, 19, 21)
    _table(pdf, head, rows, LEFT_WIDTH, "LEFT", columns)


def _verification(pdf, link):
    pdf.ln(3)
    pdf.set_font(FAMILY, "", 8)
    pdf.cell(0, LINE, "Lengths in metres.", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(22, LINE, "Is it genuine?")
    pdf.cell(0, LINE, link, link=link, new_x="LMARGIN", new_y="NEXT")
