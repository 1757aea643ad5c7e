"""The certificate as PDF: what certificate.html shows, on one A4 page."""

from pathlib import Path
from threading import Lock

from django.utils.formats import date_format
from fpdf import FPDF
from fpdf.fonts import FontFace

from measuring.display import DATE_FORMAT, decimals, metres, ratio
from measuring.reading import interval_label

# Part of DejaVu Sans Condensed: names need more letters than PDF's own fonts have.
FONTS = Path(__file__).parent / "fonts"
FAMILY = "DejaVu"

MARGIN = 18
LEFT_WIDTH = 116
RIGHT_WIDTH = 50
LINE = 4.4
STRONG = FontFace(emphasis="BOLD")

# Python draws no faster on several threads, which would need the memory of several.
ONE_AT_A_TIME = Lock()


def certificate_pdf(calibration, link):
    """Return the PDF of a stored calibration; `link` is its public verification."""
    with ONE_AT_A_TIME:
        return bytes(_document(calibration, link).output())


def _document(calibration, link):
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
    pdf.set_draw_color(170)
    pdf.set_line_width(0.1)
    top = pdf.get_y()
    # The short table first: the long one may go on to a second page.
    _temperature_table(pdf, calibration)
    bottom = pdf.get_y()
    pdf.set_xy(MARGIN, top)
    _observation_table(pdf, calibration)
    if pdf.page == 1:
        pdf.set_y(max(bottom, pdf.get_y()))
    _verification(pdf, link)
    return pdf


def _facts(pdf, calibration):
    facts = [
        ("Certificate", str(calibration.pk)),
        ("Range", "21 steel pins, intervals 1-2 to 20-21"),
        ("Observed", date_format(calibration.date, DATE_FORMAT)),
        ("Mean temperature", f"{decimals(calibration.mean_temperature, 1)} °C"),
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
            f"{ratio(calibration.standard_factor)} at "
            f"{calibration.standard_temperature:g} °C",
        ),
        (
            "Graduation uncertainty",
            f"{metres(calibration.graduation_uncertainty)} m (95 %)",
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
        f"Use: true height difference = {ratio(calibration.standard_factor)} × "
        f"(1 + {calibration.thermal_coefficient:g}·10⁻⁶ × (t − "
        f"{calibration.standard_temperature:g} °C)) × height difference read, with the "
        "temperature t of the staff.",
        f"k(t) = {ratio(calibration.factor)} × (1 + {calibration.thermal_coefficient:g}"
        f"·10⁻⁶ × (t − {decimals(calibration.mean_temperature, 1)} °C))."
        + (
            ""
            if unit_temperature is None
            else f" The factor is 1 at {decimals(unit_temperature, 1)} °C."
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
        (f"{row.temperature}", ratio(row.factor), decimals(row.correction, 2))
        for row in calibration.thermal_factor.table
    ]
    _table(pdf, ("t [°C]", "k(t)", "mm/m"), rows, RIGHT_WIDTH, "RIGHT", (14, 20, 16))


def _observation_table(pdf, calibration):
    rows = [
        (
            f"{row.run}",
            interval_label(row.difference.interval),
            metres(row.difference.start),
            metres(row.difference.end),
            metres(row.known),
            metres(row.measured),
            metres(row.correction),
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
