/* SPDX-License-Identifier: MIT */
#include "aws/config.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { FILES = 2, PASSWORD_ENTRY_BYTES = 16384, READ_BYTES = 4096 };

/* Which file, in which state. */
struct file_id {
    bool present;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec mtime;
    struct timespec ctime;
};

struct contents {
    struct file_id id[FILES];
    struct ini *file[FILES]; /* each alone */
    struct ini *both;
};

struct config {
    struct config_source source; /* `profile` is not used after config_new */
    struct config_location location;
    bool explicit;
    const char *named_by; /* who named the profile; NULL: nobody, it is "default" */
    struct contents contents;
    bool forgotten;
    unsigned generation;
};

static int out_of_memory(struct error *error) { return error_set(error, ENOMEM, NULL, "out of memory"); }

static const char *source_env(const struct config_source *source, const char *name)
{
    const char *value = source->getenv(source->data, name);
    return value && *value ? value : NULL;
}

/* Where the files are */

/* The user's home to be freed, or NULL with 0 where there is none. */
static int home_find(const struct config_source *source, char **ret_home)
{
    const char *home = source_env(source, "HOME");
    FREE_CLEANUP char *room = NULL;
    if (!home) { /* as under systemd, or from fstab */
        struct passwd entry;
        struct passwd *found = NULL;
        room = malloc(PASSWORD_ENTRY_BYTES);
        if (!room)
            return -ENOMEM;
        if (!getpwuid_r(getuid(), &entry, room, PASSWORD_ENTRY_BYTES, &found) && found && *found->pw_dir)
            home = found->pw_dir;
    }
    *ret_home = home ? strdup(home) : NULL;
    return home && !*ret_home ? -ENOMEM : 0;
}

/* `path` with "~" replaced, and absolute: a daemon changes its directory, and must find the file again. */
static int path_make(const char *path, const char *home, char **ret_path)
{
    int len = 0;
    if (path[0] == '~' && (path[1] == '/' || !path[1])) {
        if (!home)
            return 0;
        len = asprintf(ret_path, "%s%s", home, path + 1);
    } else if (path[0] == '/') {
        len = asprintf(ret_path, "%s", path);
    } else {
        FREE_CLEANUP char *here = getcwd(NULL, 0);
        len = asprintf(ret_path, "%s/%s", here ? here : "", path);
    }
    if (len < 0) {
        *ret_path = NULL;
        return -ENOMEM;
    }
    return 0;
}

int config_locate(const struct config_source *source, struct config_location *ret_location, struct error *error)
{
    static const struct {
        const char *variable;
        const char *usual;
    } files[FILES] = {
        [INI_CONFIG] = { "AWS_CONFIG_FILE", "~/.aws/config" },
        [INI_CREDENTIALS] = { "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials" },
    };
    struct config_location location = { 0 };
    FREE_CLEANUP char *home = NULL;
    int r = home_find(source, &home);
    for (int i = 0; i < FILES && !r; i++) {
        const char *path = source_env(source, files[i].variable);
        r = path_make(path ? path : files[i].usual, home, &location.path[i]);
    }
    const char *profile = source->profile ? source->profile : source_env(source, "AWS_PROFILE");
    location.profile = strdup(profile ? profile : "default");
    location.home = steal(&home);
    if (r || !location.profile) {
        config_location_release(&location);
        return out_of_memory(error);
    }
    *ret_location = location;
    return 0;
}

void config_location_release(struct config_location *location)
{
    for (int i = 0; i < FILES; i++)
        free(location->path[i]);
    free(location->home);
    free(location->profile);
    *location = (struct config_location){ 0 };
}

/* What is in them */

static struct file_id id_of(const struct stat *status)
{
    return (struct file_id){ .present = true,
                             .device = status->st_dev,
                             .inode = status->st_ino,
                             .size = status->st_size,
                             .mtime = status->st_mtim,
                             .ctime = status->st_ctim };
}

static bool time_is(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

static bool id_is(const struct file_id *one, const struct file_id *other)
{
    if (!one->present || !other->present)
        return one->present == other->present;
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           time_is(one->mtime, other->mtime) && time_is(one->ctime, other->ctime);
}

static bool is_dev_null(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static int unreadable(struct error *error, const char *path, int number)
{
    return error_set(error, number, NULL, "cannot read %s: %s", path, strerrordesc_np(number));
}

/* The open file's bytes, at most CONFIG_FILE_BYTES. */
static int bytes_read(int fd, const char *path, struct buf *text, struct error *error)
{
    char bytes[READ_BYTES];
    ssize_t got;
    do {
        got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            (void)buf_append(text, bytes, (size_t)got);
    } while ((got > 0 && !buf_error(text)) || (got < 0 && errno == EINTR));
    int number = errno;
    explicit_bzero(bytes, sizeof bytes);
    if (got < 0)
        return unreadable(error, path, number);
    if (buf_error(text) == -EMSGSIZE)
        return error_set(error, EFBIG, NULL, "%s is larger than %d bytes", path, CONFIG_FILE_BYTES);
    return buf_error(text) ? out_of_memory(error) : 0;
}

static int text_parse(struct contents *contents, enum ini_kind kind, const char *path, const char *text, size_t len,
                      struct error *error)
{
    int r = ini_parse(&contents->file[kind], kind, text, len, error);
    if (!r)
        r = ini_parse(&contents->both, kind, text, len, error);
    if (r == -EINVAL) {
        struct error cause = *error;
        return error_set(error, EINVAL, NULL, "%s, %s", path, cause.message);
    }
    return r;
}

static int file_read(struct contents *contents, enum ini_kind kind, const char *path, struct error *error)
{
    /* Never waits, whatever stands there. */
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : unreadable(error, path, errno);
    struct stat status;
    if (fstat(fd, &status))
        return unreadable(error, path, errno);
    contents->id[kind] = id_of(&status);
    if (is_dev_null(&status))
        return 0;
    if (S_ISDIR(status.st_mode))
        return unreadable(error, path, EISDIR);
    if (!S_ISREG(status.st_mode))
        return error_set(error, EINVAL, NULL, "cannot read %s: it is not a regular file", path);
    BUF_CLEANUP struct buf text = BUF_INIT_SECRET(CONFIG_FILE_BYTES);
    int r = bytes_read(fd, path, &text, error);
    return r ? r : text_parse(contents, kind, path, buf_str(&text), text.len, error);
}

static void contents_release(struct contents *contents)
{
    for (int i = 0; i < FILES; i++)
        ini_free(contents->file[i]);
    ini_free(contents->both);
    *contents = (struct contents){ 0 };
}

/* What is asked for by name must be there: else the mount would quietly speak to another account or host. */
static int contents_check(const struct config *config, const struct contents *contents, struct error *error)
{
    const char *profile = config->location.profile;
    if (config->named_by && !ini_has(contents->both, "profile", profile))
        return error_set(error, EINVAL, NULL, "profile \"%s\" (from %s) is neither in %s nor in %s", profile,
                         config->named_by, config_file_path(config, INI_CONFIG),
                         config_file_path(config, INI_CREDENTIALS));
    const char *services = ini_get(contents->both, "profile", profile, "services");
    if (services && *services && !ini_has(contents->both, "services", services))
        return error_set(error, EINVAL, NULL, "profile \"%s\" names [services %s], which is not in %s", profile,
                         services, config_file_path(config, INI_CONFIG));
    return 0;
}

/* Replaces the contents by what the files hold now. */
static int config_read(struct config *config, struct error *error)
{
    struct contents contents = { 0 };
    int r = 0;
    for (int i = 0; i < FILES && !r; i++)
        if (config->location.path[i])
            r = file_read(&contents, (enum ini_kind)i, config->location.path[i], error);
    if (!r)
        r = contents_check(config, &contents, error);
    if (r) {
        contents_release(&contents);
        return r;
    }
    contents_release(&config->contents);
    config->contents = contents;
    config->forgotten = false;
    config->generation++;
    return 0;
}

int config_new(const struct config_source *source, struct config **ret_config, struct error *error)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config)
        return out_of_memory(error);
    config->source = *source;
    config->source.profile = NULL;
    config->explicit = source->profile != NULL;
    if (source->profile)
        config->named_by = "the profile option";
    else if (source_env(source, "AWS_PROFILE"))
        config->named_by = "AWS_PROFILE";
    int r = config_locate(source, &config->location, error);
    if (!r)
        r = config_read(config, error);
    if (r)
        config_free(config);
    else
        *ret_config = config;
    return r;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    contents_release(&config->contents);
    config_location_release(&config->location);
    free(config);
}

int config_reload(struct config *config, struct error *error)
{
    bool same = !config->forgotten;
    for (int i = 0; i < FILES && same; i++) {
        struct stat status;
        struct file_id id = { 0 };
        if (config->location.path[i] && !stat(config->location.path[i], &status))
            id = id_of(&status);
        else if (config->location.path[i] && errno != ENOENT && errno != ENOTDIR)
            same = false; /* reading will tell why */
        same = same && id_is(&id, &config->contents.id[i]);
    }
    return same ? 0 : config_read(config, error);
}

void config_forget(struct config *config) { config->forgotten = true; }

/* Settings */

const char *config_env(const struct config *config, const char *name) { return source_env(&config->source, name); }
const char *config_profile(const struct config *config) { return config->location.profile; }
bool config_profile_is_explicit(const struct config *config) { return config->explicit; }
const struct ini *config_ini(const struct config *config) { return config->contents.both; }
unsigned config_generation(const struct config *config) { return config->generation; }

const char *config_file_path(const struct config *config, enum ini_kind file)
{
    return config->location.path[file] ? config->location.path[file] : "";
}

static const char *unless_empty(const char *value) { return value && *value ? value : NULL; }

const char *config_home(const struct config *config) { return config->location.home; }

const char *config_get(const struct config *config, const char *profile, const char *property)
{
    return unless_empty(ini_get(config->contents.both, "profile", profile, property));
}

const char *config_get_in(const struct config *config, enum ini_kind file, const char *profile, const char *property)
{
    return unless_empty(ini_get(config->contents.file[file], "profile", profile, property));
}

const char *config_profile_get(const struct config *config, const char *property)
{
    return config_get(config, config->location.profile, property);
}

const char *config_file_get(const struct config *config, enum ini_kind file, const char *property)
{
    return config_get_in(config, file, config->location.profile, property);
}

static struct setting setting_make(const char *value, const char *kind, const char *name)
{
    struct setting setting = { .value = value };
    (void)snprintf(setting.from, sizeof setting.from, "%s%s", kind, name);
    return setting;
}

/* The first of the option and two variables. */
static struct setting setting_given(const struct config *config, const char *option, const char *const variables[2])
{
    if (option)
        return setting_make(option, "option", "");
    for (int i = 0; i < 2; i++)
        if (config_env(config, variables[i]))
            return setting_make(config_env(config, variables[i]), "", variables[i]);
    return (struct setting){ 0 };
}

static struct setting setting_of_profile(const struct config *config, const char *property)
{
    const char *value = config_profile_get(config, property);
    return value ? setting_make(value, "profile ", config->location.profile) : (struct setting){ 0 };
}

struct setting config_setting(const struct config *config, const char *variable, const char *property)
{
    const char *value = config_env(config, variable);
    return value ? setting_make(value, "", variable) : setting_of_profile(config, property);
}

struct setting config_region(const struct config *config, const char *option)
{
    struct setting given = setting_given(config, option, (const char *const[]){ "AWS_REGION", "AWS_DEFAULT_REGION" });
    return given.value ? given : setting_of_profile(config, "region");
}

static bool endpoint_urls_are_ignored(const struct config *config)
{
    const char *value =
        config_setting(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls").value;
    return value && !strcasecmp(value, "true");
}

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
struct setting config_endpoint_url_of(const struct config *config, const char *option, const char *variable,
                                      const char *key)
{
    if (!option && endpoint_urls_are_ignored(config))
        return (struct setting){ 0 };
    struct setting given = setting_given(config, option, (const char *const[]){ variable, "AWS_ENDPOINT_URL" });
    if (given.value)
        return given;
    const char *services = config_profile_get(config, "services");
    const char *url =
        services ? ini_get_nested(config->contents.both, "services", services, key, "endpoint_url") : NULL;
    return unless_empty(url) ? setting_make(url, "services ", services) : setting_of_profile(config, "endpoint_url");
}

struct setting config_endpoint_url(const struct config *config, const char *option)
{
    return config_endpoint_url_of(config, option, "AWS_ENDPOINT_URL_PERSONALIZE", "personalize");
}
