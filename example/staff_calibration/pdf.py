"""The certificate as PDF, on one A4 page."""

from pathlib import Path
from threading import Lock

from fpdf import FPDF
from fpdf.fonts import FontFace

# Part of DejaVu Sans Condensed: names need more letters than PDF's own fonts have.
FONTS = Path(__file__).parent / "fonts"
FAMILY = "DejaVu"

MARGIN = 18
LINE = 4.4
STRONG = FontFace(emphasis="BOLD")

# Python draws no faster on several threads, which would need the memory of several.
ONE_AT_A_TIME = Lock()


def certificate_pdf(certificate):
    """Return the PDF of a Certificate."""
    with ONE_AT_A_TIME:
        return bytes(_document(certificate).output())


def _document(certificate):
    calibration = certificate.calibration
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
    pdf.cell(0, 9, certificate.title, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)
    _facts(pdf, certificate.facts)
    _notes(pdf, certificate)
    pdf.set_draw_color(170)
    pdf.set_line_width(0.1)
    top = pdf.get_y()
    # The short table first: the long one may need a second page.
    _table(pdf, certificate.temperatures, (14, 20, 16), "RIGHT")
    bottom = pdf.get_y()
    pdf.set_xy(MARGIN, top)
    columns = (10, 14, 17, 17, 18, 19, 21)
    _table(pdf, certificate.corrections, columns, "LEFT")
    if pdf.page == 1:
        pdf.set_y(max(bottom, pdf.get_y()))
    _verification(pdf, certificate.link)
    return pdf


def _facts(pdf, facts):
    for name, value in facts:
        pdf.set_font(FAMILY, "B", 9)
        pdf.cell(42, 5, name)
        pdf.set_font(FAMILY, "", 9)
        pdf.multi_cell(0, 5, value, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)


def _notes(pdf, certificate):
    pdf.set_font(FAMILY, "", 9)
    for note in (
        certificate.application,
        certificate.factor_by_temperature,
        certificate.validity,
    ):
        pdf.multi_cell(0, 4.6, note, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


def _table(pdf, table, columns, align):
    pdf.set_font(FAMILY, "", 8)
    with pdf.table(
        [table.head, *table.rows],
        width=sum(columns),
        align=align,
        col_widths=columns,
        line_height=LINE,
        text_align="RIGHT",
        borders_layout="HORIZONTAL_LINES",
        headings_style=STRONG,
    ):
        pass


def _verification(pdf, link):
    pdf.ln(3)
    pdf.set_font(FAMILY, "", 8)
    pdf.cell(0, LINE, "Lengths in metres.", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(22, LINE, "Is it genuine?")
    pdf.cell(0, LINE, link, link=link, new_x="LMARGIN", new_y="NEXT")
