/* A table as a spreadsheet, by libxlsxwriter. The library writes to a file: one in memory (memfd_create), that no other
 * program can see; its own temporary files have no name either (tmpfile). */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "common/failure.h"
#include "service/site/table_driver.h"

enum { ROW_PT = 18, TITLE_PT = 26 };

struct file {
    const struct table_head *head;
    int fd;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *cell;
    lxw_row_t row;
    bool good;
};

static void write_head(struct file *file)
{
    const struct table_head *head = file->head;
    const lxw_col_t last = (lxw_col_t)(head->column_count - 1);
    lxw_format *title = workbook_add_format(file->book);
    lxw_format *name = workbook_add_format(file->book);

    format_set_bold(title);
    format_set_font_size(title, 16);
    format_set_bold(name);
    format_set_border(name, LXW_BORDER_THIN);
    format_set_bg_color(name, 0xF3EDE4);
    format_set_text_wrap(name);
    format_set_border(file->cell, LXW_BORDER_THIN);
    format_set_text_wrap(file->cell);
    format_set_align(file->cell, LXW_ALIGN_VERTICAL_TOP);
    for (lxw_col_t i = 0; i <= last; i++) {
        worksheet_set_column(file->sheet, i, i, head->columns[i].width * 2 + 2, NULL);
    }
    worksheet_set_row(file->sheet, file->row, TITLE_PT, NULL);
    worksheet_write_string(file->sheet, file->row++, 0, head->title, title);
    for (const char *const *line = head->lines; line != NULL && *line != NULL; line++) {
        worksheet_write_string(file->sheet, file->row++, 0, *line, NULL);
    }
    for (lxw_col_t i = 0; i <= last; i++) {
        worksheet_write_string(file->sheet, file->row, i, head->columns[i].name, name);
    }
    file->row++;
    worksheet_repeat_rows(file->sheet, file->row - 1, file->row - 1);
    worksheet_set_landscape(file->sheet);
    worksheet_set_paper(file->sheet, 9); /* A4 */
    worksheet_fit_to_pages(file->sheet, 1, 0);
}

static void *xlsx_open(const struct table_head *head, GError **error)
{
    const int fd = memfd_create("table", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};

    if (fd < 0) {
        g_set_error(error, SITE_ERROR, REASON_IO, "memfd: %s", g_strerror(errno));
        return NULL;
    }
    struct file *file = g_new0(struct file, 1);
    file->head = head;
    file->fd = fd;
    file->good = true;
    file->book = workbook_new_opt(path, &options);
    file->sheet = workbook_add_worksheet(file->book, NULL);
    file->cell = workbook_add_format(file->book);
    write_head(file);
    return file;
}

static void xlsx_row(void *context, const char *const *cells)
{
    struct file *file = context;

    for (size_t i = 0; i < file->head->column_count; i++) {
        gint64 number;
        lxw_error code;
        if (cells[i] != NULL && file->head->columns[i].is_number &&
            g_ascii_string_to_signed(cells[i], 10, G_MININT64, G_MAXINT64, &number, NULL)) {
            code = worksheet_write_number(file->sheet, file->row, (lxw_col_t)i, (double)number, file->cell);
        } else { /* never as a formula, whatever it begins with */
            code = worksheet_write_string(file->sheet, file->row, (lxw_col_t)i, cells[i] == NULL ? "" : cells[i],
                                          file->cell);
        }
        file->good = file->good && code == LXW_NO_ERROR;
    }
    file->row++;
}

static GBytes *xlsx_close(void *context, GError **error)
{
    struct file *file = context;
    struct stat status;
    GBytes *bytes = NULL;

    if (file->head->foot != NULL) {
        worksheet_write_string(file->sheet, file->row, 0, file->head->foot, NULL);
    }
    if (workbook_close(file->book) == LXW_NO_ERROR && file->good && fstat(file->fd, &status) == 0) {
        g_autofree void *data = g_try_malloc((gsize)status.st_size);
        if (data != NULL && pread(file->fd, data, (size_t)status.st_size, 0) == (ssize_t)status.st_size) {
            bytes = g_bytes_new_take(g_steal_pointer(&data), (gsize)status.st_size);
        }
    }
    close(file->fd);
    g_free(file);
    if (bytes == NULL) {
        g_set_error_literal(error, SITE_ERROR, REASON_IO, "the spreadsheet could not be written");
    }
    return bytes;
}

const struct table_driver table_xlsx = {
    .type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    .open = xlsx_open,
    .row = xlsx_row,
    .close = xlsx_close,
};
