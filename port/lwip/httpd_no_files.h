/* httpd's own file system is empty: app/control_page.c serves its files. */
#define FS_ROOT NULL
