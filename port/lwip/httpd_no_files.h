/* The file system that httpd has of its own is empty: app/control_page.c gives its files. */
#define FS_ROOT NULL
